import Basics
import HTTPTypes
import InventoryContract
import Logging
import Synchronization

/// Logs requests that fail through the service's own fault (status 5xx).
///
/// During overload or an outage, many requests are refused in the same way (503). Of these, one a second is logged for
/// each code, with the number that were not logged since the last one, so that overload does not fill the disk.
final class FailureLog: Sendable {
    private struct Throttle {
        var next: ContinuousClock.Instant
        var unlogged = 0
    }

    private let logger: Logger
    private let throttles = Mutex<[Problem.Code: Throttle]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    func add(
        _ problem: Problem, because error: any Error, _ request: HTTPRequest, _ requestID: String,
        now: ContinuousClock.Instant = .now
    ) {
        guard problem.code.status.kind == .serverError, let unlogged = unlogged(problem.code, now) else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(requestID)", "method": "\(request.method)", "path": "\((request.path ?? "").excerpt)",
            "code": "\(problem.code.rawValue)", "error": "\(error)",
        ]
        metadata["trace_id"] = request.traceID.map { "\($0)" }
        if unlogged > 0 { metadata["unlogged"] = "\(unlogged)" }
        logger.error("request failed", metadata: metadata)
    }

    /// How many failures with this code were skipped since the last one logged; `nil` if this one is skipped, too.
    private func unlogged(_ code: Problem.Code, _ now: ContinuousClock.Instant) -> Int? {
        // Changes of unknown outcome are always logged, so that they can be looked up.
        guard code.status == .serviceUnavailable, code != .outcomeUnknown else { return 0 }
        return throttles.withLock { throttles in
            if let last = throttles[code], now < last.next {
                throttles[code]?.unlogged += 1
                return nil
            }
            let unlogged = throttles[code]?.unlogged ?? 0
            throttles[code] = Throttle(next: now + .seconds(1))
            return unlogged
        }
    }
}
