import Basics
import Inventory

/// Takes requests to a server until they are answered, within limits.
struct Server: Sendable {
    let link: HTTPLink
    let retries: RetryPolicy
    let observer: any RemoteLedgerObserver

    /// - Returns: The answer to a request that did what it asked for.
    /// - Throws: What the problem says. `.outcomeUnknown` if a change may have been made by an attempt that brought no
    ///   answer; `.unavailable` if none arrived.
    func send(_ request: ServerRequest, _ subject: Subject = .read) async throws(LedgerError) -> Answer {
        var mayBeDone = false
        var patience = retries.patience
        var attempts = 1
        var backoff = Backoff(from: retries.firstDelay, upTo: retries.maximumDelay)
        while true {
            let failure: Failure
            switch await link.attempt(request) {
            case .answered(let answer):
                if answer.isSuccess { return answer }
                failure = Failure(answer, subject)
            case .unsent(let reason):
                failure = Failure(error: .unavailable, reason: reason, isTransient: true)
            case .unanswered(let reason):
                failure = Failure(error: .outcomeUnknown, reason: reason, isTransient: true)
            }
            if case .outcomeUnknown = failure.error { mayBeDone = true }
            if let wait = failure.turn, wait <= patience {
                patience -= wait
                // Others were told the same.
                try? await Task.sleep(for: wait * .random(in: 1...1.25))
                if !Task.isCancelled { continue }
            }
            // An answer that is final settles what an earlier attempt did: the same key had the same answer.
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
                // The caller was cancelled, and is told what is known.
                throw ending
            }
            attempts += 1
        }
    }

    /// What the fields of an answer say, read by `read`.
    /// - Throws: `.rejected` if they are not the contract's.
    func reading<Value>(
        _ read: () throws(UnreadableData) -> Value
    ) throws(LedgerError) -> Value {
        do throws(UnreadableData) {
            return try read()
        } catch {
            throw .rejected(reason: "\(link.address) does not answer as Khata does: \(error)")
        }
    }
}

/// Why an attempt was not the last one, or was.
private struct Failure {
    let error: LedgerError
    let reason: String
    /// Whether it may go better another time.
    let isTransient: Bool
    /// So that nobody asks without end.
    private static let shortestTurn: Duration = .milliseconds(100)

    var retryAfter: Duration?
    /// When the sender's turn comes, if it only sends more than it may.
    var turn: Duration?

    init(error: LedgerError, reason: String, isTransient: Bool) {
        self.error = error
        self.reason = reason
        self.isTransient = isTransient
    }

    init(_ answer: Answer, _ subject: Subject) {
        guard let problem = answer.problem else {
            // 502 and 504 are a proxy's, which may have passed the request on.
            let isProxys = [502, 503, 504].contains(answer.status)
            let reason = "the answer is none of Khata's (status \(answer.status))"
            self.init(
                error: isProxys ? .outcomeUnknown : .rejected(reason: reason), reason: reason, isTransient: isProxys)
            return
        }
        self.init(
            error: LedgerError(problem, subject), reason: problem.words,
            isTransient: [429, 503].contains(answer.status))
        retryAfter = answer.retryAfter
        turn = answer.status == 429 ? answer.retryAfter.map { max($0, Self.shortestTurn) } : nil
    }

    /// Whether a read was done matters to nobody.
    var readError: LedgerError {
        if case .outcomeUnknown = error { .unavailable } else { error }
    }
}
