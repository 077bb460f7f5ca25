import HTTPTypes
import InventoryContract
import Logging
import Synchronization

/// Says in the log which requests fail for a reason of the service's own (status 5xx).
///
/// When it is overloaded, or a server it needs is away, many are refused alike (503): of these, one a second is logged, for
/// each code, with how many there were since the one before. So whoever overloads the service does not fill its disk.
final class FailureLog: Sendable {
    private struct Repetition {
        var next: ContinuousClock.Instant
        var unlogged = 0
    }

    private let logger: Logger
    private let repetitions = Mutex<[Problem.Code: Repetition]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    func add(
        _ problem: Problem, because error: any Error, _ request: HTTPRequest, _ requestID: String,
        now: ContinuousClock.Instant = .now
    ) {
        guard problem.code.status.kind == .serverError, let unlogged = unlogged(problem.code, now) else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(requestID)", "method": "\(request.method)", "path": "\(request.path ?? "")",
            "code": "\(problem.code.rawValue)", "error": "\(error)",
        ]
        if unlogged > 0 { metadata["unlogged"] = "\(unlogged)" }
        logger.error("request failed", metadata: metadata)
    }

    /// How many failures like this one were not logged before it; `nil` if it is not to be either.
    private func unlogged(_ code: Problem.Code, _ now: ContinuousClock.Instant) -> Int? {
        // What may have been done is looked for in the log.
        guard code.status == .serviceUnavailable, code != .outcomeUnknown else { return 0 }
        return repetitions.withLock { repetitions in
            if let last = repetitions[code], now < last.next {
                repetitions[code]?.unlogged += 1
                return nil
            }
            let unlogged = repetitions[code]?.unlogged ?? 0
            repetitions[code] = Repetition(next: now + .seconds(1))
            return unlogged
        }
    }
}
