import Basics
import Inventory

/// Sends requests to a server, with retries.
struct Server: Sendable {
    let link: HTTPLink
    let retries: RetryPolicy
    let observer: any RemoteLedgerObserver

    /// - Returns: The response, if successful.
    /// - Throws: The problem's error. `.outcomeUnknown` if an attempt without a response may have made the change;
    ///   `.unavailable` if none arrived.
    func send(_ request: ServerRequest, _ subject: Subject = .read) async throws(LedgerError) -> ServerResponse {
        var mayBeDone = false
        var remainingWait = retries.maximumRateLimitWait
        var attempts = 1
        var backoff = Backoff(from: retries.firstDelay, upTo: retries.maximumDelay)
        while true {
            let failure: Failure
            switch await link.attempt(request) {
            case .responded(let response):
                if response.isSuccess { return response }
                failure = Failure(response, subject)
            case .unsent(let reason):
                failure = Failure(error: .unavailable, reason: reason, isTransient: true)
            case .noResponse(let reason):
                failure = Failure(error: .outcomeUnknown, reason: reason, isTransient: true)
            }
            if case .outcomeUnknown = failure.error { mayBeDone = true }
            if let wait = failure.turn, wait <= remainingWait {
                remainingWait -= wait
                // Jitter: other clients got the same delay.
                try? await Task.sleep(for: wait * .random(in: 1...1.25))
                if !Task.isCancelled { continue }
            }
            // A final response also settles earlier attempts: with the same key, their result was the same.
            guard failure.isTransient else { throw failure.error }
            let ending = request.isRead ? failure.readError : mayBeDone ? .outcomeUnknown : failure.error
            guard request.isRepeatable || !mayBeDone,
                let delay = retries.delay(after: attempts, backoff: backoff.delay(), retryAfter: failure.retryAfter)
            else {
                observer.observe(.gaveUp(reason: failure.reason))
                throw ending
            }
            observer.observe(.retried(reason: failure.reason, after: delay))
            do {
                try await Task.sleep(for: delay)
            } catch {
                // The caller was cancelled: report what is known.
                throw ending
            }
            attempts += 1
        }
    }

    /// Parses a response with `read`.
    /// - Throws: `.rejected` if it does not match the contract.
    func reading<Value>(
        _ read: () throws(UnreadableData) -> Value
    ) throws(LedgerError) -> Value {
        do throws(UnreadableData) {
            return try read()
        } catch {
            throw .rejected(reason: "\(link.address) does not respond as Khata does: \(error)")
        }
    }
}

/// A failed attempt, and whether to retry it.
private struct Failure {
    let error: LedgerError
    let reason: String
    /// Whether a retry may succeed.
    let isTransient: Bool
    /// Prevents a tight loop.
    private static let shortestTurn: Duration = .milliseconds(100)

    var retryAfter: Duration?
    /// The wait until the rate limit admits the request, if that was the reason.
    var turn: Duration?

    init(error: LedgerError, reason: String, isTransient: Bool) {
        self.error = error
        self.reason = reason
        self.isTransient = isTransient
    }

    init(_ response: ServerResponse, _ subject: Subject) {
        guard let problem = response.problem else {
            // 502 and 504 are from a proxy, which may have forwarded the request.
            let isProxys = [502, 503, 504].contains(response.status)
            let reason = "the response is not from Khata (status \(response.status))"
            self.init(
                error: isProxys ? .outcomeUnknown : .rejected(reason: reason), reason: reason, isTransient: isProxys)
            return
        }
        self.init(
            error: LedgerError(problem, subject), reason: problem.text,
            isTransient: [429, 503].contains(response.status))
        retryAfter = response.retryAfter
        turn = response.status == 429 ? response.retryAfter.map { max($0, Self.shortestTurn) } : nil
    }

    /// A read has no outcome to be unknown.
    var readError: LedgerError {
        if case .outcomeUnknown = error { .unavailable } else { error }
    }
}
