import NIOCore

/// The timeouts of a connection: for the handshake, a head, a body, the next request, and for the client to read
/// responses.
///
/// Events are recorded without the time, so they cost a request next to nothing. Only `check`, called periodically,
/// knows the time: a state that has not changed since an earlier check has lasted that long. So timeouts are accurate
/// to within two checks, or a few more with very many connections, and never early.
struct ConnectionPace {
    /// What to do about a client that is too slow.
    enum Verdict {
        /// Close the connection: there is nothing to respond to.
        case close
        /// Close it without a TLS closing handshake: the handshake did not complete, or the client did not close.
        case disconnect
        /// Reset it, and discard what the client has not read.
        case reset
        /// A head or a body is incomplete, and no response has begun.
        case refuseHead, refuseBody
    }

    private enum Phase {
        case handshake
        /// Nothing has been received yet.
        case opening
        case head, body
        /// A request is complete, and nothing of the next has been received.
        case between
        /// Nothing more is read.
        case refused
        /// The last response has been written.
        case closing
    }

    /// A wait for the client, as of the last check.
    private struct Wait {
        let generation: UInt
        let began: NIODeadline
        var allowance: TimeAllowance
        var bodyBytes: Int
    }

    /// The client's progress in reading what is written, as of the last check.
    private struct WriteProgress {
        var allowance: TimeAllowance
        var bytes: Int
    }

    private let limits: ConnectionLimits
    private var phase: Phase
    /// Incremented by each event that ends a wait.
    private var generation: UInt = 0
    private var wait: Wait?
    /// Requests whose heads were received and whose responses have not been written.
    private(set) var unanswered = 0
    private var isResponding = false
    private var bodyBytes = 0

    private var writeProgress: WriteProgress?
    private var bytesWritten = 0
    /// `bytesWritten` when the buffers were last empty.
    private var bytesDelivered = 0

    init(_ limits: ConnectionLimits, isEncrypted: Bool) {
        self.limits = limits
        phase = isEncrypted ? .handshake : .opening
    }
}

// Events.
extension ConnectionPace {
    mutating func handshakeEnded() {
        if phase == .handshake { enter(.opening) }
    }

    /// Bytes were received; another event follows once they are parsed.
    mutating func bytesReceived() {
        if phase == .opening || phase == .between { enter(.head) }
    }

    mutating func headEnded() {
        unanswered += 1
        enter(.body)
    }

    mutating func bodyReceived(_ bytes: Int) {
        bodyBytes &+= bytes
    }

    mutating func requestEnded() {
        if phase == .body { enter(.between) }
    }

    mutating func responseBegan() {
        isResponding = true
    }

    mutating func responseEnded() {
        isResponding = false
        unanswered -= 1
        generation &+= 1
    }

    mutating func bytesWritten(_ bytes: Int) {
        bytesWritten &+= bytes
    }

    mutating func readingEnded() {
        if phase != .closing { enter(.refused) }
    }

    mutating func writingEnded() {
        enter(.closing)
    }

    private mutating func enter(_ phase: Phase) {
        self.phase = phase
        generation &+= 1
    }
}

// Timeouts.
extension ConnectionPace {
    /// - Parameters:
    ///   - isReading: Whether the server reads now; while it does not, the client is not to blame.
    ///   - isDraining: Whether the server shuts down.
    ///   - bytesWaiting: What has been written and is still buffered, because the client does not read it.
    mutating func check(
        now: NIODeadline, isReading: Bool, isDraining: Bool = false, bytesWaiting: () -> Int
    ) -> Verdict? {
        if isClientReadingTooSlowly(now, bytesWaiting) { return .reset }
        guard let allowed = allowedWait(isReading) else {
            wait = nil
            return nil
        }
        guard var wait, wait.generation == generation else {
            let allowance = TimeAllowance(allowed, bytesPerSecond: limits.bytesPerSecond, now: now)
            wait = Wait(generation: generation, began: now, allowance: allowance, bodyBytes: bodyBytes)
            return nil
        }
        wait.allowance.replenish(bytes: bodyBytes &- wait.bodyBytes, now: now)
        wait.bodyBytes = bodyBytes
        self.wait = wait
        if isDraining, phase == .opening || phase == .between, now >= wait.began + TimeAmount(limits.reuse) {
            return .close
        }
        return wait.allowance.isExhausted(now) ? verdict : nil
    }

    /// How long the client may take for what comes next; `nil` while nothing is expected of it.
    private func allowedWait(_ isReading: Bool) -> Duration? {
        switch phase {
        case .handshake: limits.handshake
        case .opening: limits.head
        // Responses to earlier requests come first.
        case .head: unanswered == 0 && isReading ? limits.head : nil
        case .body: unanswered <= 1 && !isResponding && isReading ? limits.body : nil
        case .between: unanswered == 0 ? limits.idle : nil
        case .refused: nil
        case .closing: writeProgress == nil ? limits.linger : nil
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

    private mutating func isClientReadingTooSlowly(_ now: NIODeadline, _ bytesWaiting: () -> Int) -> Bool {
        guard bytesDelivered != bytesWritten else { return false }
        let waiting = bytesWaiting()
        guard waiting > 0 else {
            bytesDelivered = bytesWritten
            writeProgress = nil
            return false
        }
        let delivered = bytesWritten &- waiting
        guard var writeProgress else {
            let allowance = TimeAllowance(limits.response, bytesPerSecond: limits.bytesPerSecond, now: now)
            writeProgress = WriteProgress(allowance: allowance, bytes: delivered)
            return false
        }
        writeProgress.allowance.replenish(bytes: delivered &- writeProgress.bytes, now: now)
        writeProgress.bytes = delivered
        self.writeProgress = writeProgress
        return writeProgress.allowance.isExhausted(now)
    }
}
