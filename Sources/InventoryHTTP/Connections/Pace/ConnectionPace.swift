import NIOCore

/// Whether a connection's client keeps it waiting for too long: for a handshake, a head, a body, the next request, or
/// for its answers to be taken.
///
/// It is told what happens without being told when, so that costs nothing on the way of a request. Only `check`, called
/// again and again, knows the time: what it finds unchanged since an earlier check has lasted that long. Hence deadlines
/// are kept to within two checks, or some more in a crowd, and never early.
struct ConnectionPace {
    /// What to do about a client that is too slow.
    enum Verdict {
        /// End the connection: there is nothing to answer.
        case close
        /// End it without a farewell (TLS has one): the client has not even greeted, or has had its time to leave.
        case disconnect
        /// End it at once, with what the client has not taken of its answers.
        case reset
        /// A head does not come to its end, or a body to its own; no answer has been begun.
        case refuseHead, refuseBody
    }

    private enum Phase {
        case handshake
        /// Nothing has come yet.
        case opening
        case head, body
        /// A request has come to its end, and nothing of the next has come.
        case between
        /// Nothing more is read.
        case refused
        /// The last answer has been written.
        case closing
    }

    /// What was waited for at earlier checks.
    private struct Wait {
        let change: UInt
        var patience: ClientPatience
        var bodyBytes: Int
    }

    /// How the client was taking what is written, at earlier checks.
    private struct Taking {
        var patience: ClientPatience
        var bytes: Int
    }

    private let limits: ConnectionLimits
    private var phase: Phase
    /// Counts what makes a wait another one.
    private var change: UInt = 0
    private var wait: Wait?
    /// Requests that came, at least their heads, and whose answers have not been written.
    private(set) var unanswered = 0
    private var isAnswering = false
    private var bodyBytes = 0

    private var taking: Taking?
    private var bytesWritten = 0
    /// What had been written when all of it was taken.
    private var bytesTaken = 0

    init(_ limits: ConnectionLimits, isEncrypted: Bool) {
        self.limits = limits
        phase = isEncrypted ? .handshake : .opening
    }
}

// What happens.
extension ConnectionPace {
    mutating func handshakeEnded() {
        if phase == .handshake { go(to: .opening) }
    }

    /// Bytes came; what they are is told afterwards.
    mutating func bytesCame() {
        if phase == .opening || phase == .between { go(to: .head) }
    }

    mutating func headEnded() {
        unanswered += 1
        go(to: .body)
    }

    mutating func bodyCame(_ bytes: Int) {
        bodyBytes &+= bytes
    }

    mutating func requestEnded() {
        if phase == .body { go(to: .between) }
    }

    mutating func answerBegan() {
        isAnswering = true
    }

    mutating func answerEnded() {
        isAnswering = false
        unanswered -= 1
        change &+= 1
    }

    mutating func bytesWritten(_ bytes: Int) {
        bytesWritten &+= bytes
    }

    mutating func readingEnded() {
        if phase != .closing { go(to: .refused) }
    }

    mutating func writingEnded() {
        go(to: .closing)
    }

    private mutating func go(to phase: Phase) {
        self.phase = phase
        change &+= 1
    }
}

// What is too slow.
extension ConnectionPace {
    /// - Parameters:
    ///   - isReading: whether what the client sends is read now; while the server does not, the client does not delay it.
    ///   - bytesWaiting: what has been written and is still here, because the client does not take it.
    mutating func check(now: NIODeadline, isReading: Bool, bytesWaiting: () -> Int) -> Verdict? {
        if isTakingTooLong(now, bytesWaiting) { return .reset }
        guard let allowed = allowedWait(isReading) else {
            wait = nil
            return nil
        }
        guard var wait, wait.change == change else {
            let patience = ClientPatience(allowed, bytesPerSecond: limits.bytesPerSecond, now: now)
            wait = Wait(change: change, patience: patience, bodyBytes: bodyBytes)
            return nil
        }
        wait.patience.replenish(bytes: bodyBytes &- wait.bodyBytes, now: now)
        wait.bodyBytes = bodyBytes
        self.wait = wait
        return wait.patience.isOver(now) ? verdict : nil
    }

    /// How long the client may take for what comes next; `nil` while it is not the client that is waited for.
    private func allowedWait(_ isReading: Bool) -> Duration? {
        switch phase {
        case .handshake: limits.handshake
        case .opening: limits.head
        // What the client is still to be told of earlier requests goes first.
        case .head: unanswered == 0 && isReading ? limits.head : nil
        case .body: unanswered <= 1 && !isAnswering && isReading ? limits.body : nil
        case .between: unanswered == 0 ? limits.idle : nil
        case .refused: nil
        case .closing: taking == nil ? limits.linger : nil
        }
    }

    private var verdict: Verdict {
        switch phase {
        case .handshake, .closing: .disconnect
        case .opening, .between, .refused: .close
        case .head: .refuseHead
        case .body: unanswered == 0 ? .close : .refuseBody
        }
    }

    private mutating func isTakingTooLong(_ now: NIODeadline, _ bytesWaiting: () -> Int) -> Bool {
        guard bytesTaken != bytesWritten else { return false }
        let waiting = bytesWaiting()
        guard waiting > 0 else {
            bytesTaken = bytesWritten
            taking = nil
            return false
        }
        let taken = bytesWritten &- waiting
        guard var taking else {
            let patience = ClientPatience(limits.answer, bytesPerSecond: limits.bytesPerSecond, now: now)
            taking = Taking(patience: patience, bytes: taken)
            return false
        }
        taking.patience.replenish(bytes: taken &- taking.bytes, now: now)
        taking.bytes = taken
        self.taking = taking
        return taking.patience.isOver(now)
    }
}
