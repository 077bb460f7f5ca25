import Basics
import HTTPTypes
import InventoryContract
import Logging
import RateLimiting
import Synchronization

/// Logs requests that were refused for want of a credential, of permission, or of patience: status 401, 403 and 429.
///
/// One a second for each code and sender, and ten a second for each code, with the number that were not logged: an
/// attacker must not fill the disk, nor hide others behind theirs.
final class SecurityLog: Sendable {
    /// Who sent a request, as far as that is known.
    struct Sender: Hashable {
        var principal: String?
        var address: ClientAddress?
    }

    private struct Source: Hashable {
        let code: Problem.Code
        let sender: Sender
    }

    private struct Window {
        var end: ContinuousClock.Instant
        var logged = 0
        var unlogged = 0
    }

    private static let linesPerSecond = 10

    private let logger: Logger
    private let state = Mutex(
        (
            windows: [Problem.Code: Window](),
            senders: RecentlyUsed<Source, ContinuousClock.Instant>(capacity: 1_000)
        ))

    init(_ logger: Logger) {
        self.logger = logger
    }

    func add(
        _ problem: Problem, from sender: Sender, _ request: HTTPRequest, _ requestID: String,
        now: ContinuousClock.Instant = .now
    ) {
        guard [.unauthorized, .forbidden, .tooManyRequests].contains(problem.code.status),
            let unlogged = unlogged(Source(code: problem.code, sender: sender), now)
        else { return }
        var metadata: Logger.Metadata = [
            "event": "\(problem.code.rawValue)", "status": "\(problem.code.status.code)", "request_id": "\(requestID)",
            "method": "\(request.method)", "path": "\(request.pathWithoutQuery)",
        ]
        metadata["actor"] = sender.principal.map { "\($0)" }
        metadata["address"] = sender.address.map { "\($0)" }
        metadata["policy"] = problem.violatedPolicy.map { "\($0)" }
        metadata["trace_id"] = request.traceID.map { "\($0)" }
        if unlogged > 0 { metadata["unlogged"] = "\(unlogged)" }
        logger.notice("security event", metadata: metadata)
    }

    /// How many with this code were skipped since the last one logged; `nil` if this one is skipped, too.
    private func unlogged(_ source: Source, _ now: ContinuousClock.Instant) -> Int? {
        state.withLock { state in
            var window = state.windows[source.code] ?? Window(end: now)
            defer { state.windows[source.code] = window }
            if now >= window.end { (window.end, window.logged) = (now + .seconds(1), 0) }
            let isRepeated = state.senders[source].map { now < $0 + .seconds(1) } ?? false
            guard !isRepeated, window.logged < Self.linesPerSecond else {
                window.unlogged += 1
                return nil
            }
            state.senders[source] = now
            window.logged += 1
            defer { window.unlogged = 0 }
            return window.unlogged
        }
    }
}
