internal import Logging
internal import NIOCore
internal import NIOSSL

/// A reconnecting connection and its commands. Confined to one event loop.
final class Link {
    /// Encoding pauses at this size until the socket has taken some of it.
    static let maximumUnsentBytes = 1 << 20

    enum Event {
        case connected(identity: String)
        case lost(RedisError)
        /// The server refused a command because another one serves its slot.
        case moved
    }

    let eventLoop: any EventLoop
    let configuration: RedisConfiguration
    let destination: Destination
    let tls: NIOSSLContext?
    let logger: Logger
    private let onEvent: (Event) -> Void

    private var state = LinkStateMachine()
    private var pending: PendingReplies<Request>
    private var handshake: Handshake?
    private var channel: (any Channel)?
    private var handler: ReplyHandler?
    private var outgoing = ByteBuffer()
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var connectTimer: Scheduled<Void>?
    private var attempts = 0
    /// Of the connected server, or of the current attempt.
    var address: RedisAddress?

    init(
        _ configuration: RedisConfiguration, to destination: Destination, tls: NIOSSLContext?, eventLoop: any EventLoop,
        logger: Logger, onEvent: @escaping (Event) -> Void
    ) {
        self.configuration = configuration
        self.destination = destination
        self.tls = tls
        self.eventLoop = eventLoop
        self.logger = logger
        self.onEvent = onEvent
        pending = PendingReplies(
            maximumInFlight: configuration.maximumInFlight, maximumWaiting: configuration.maximumWaiting,
            silenceTimeout: TimeAmount(configuration.silenceTimeout))
    }

    var identity: String? { state.identity }

    // MARK: Commands

    /// Takes the requests of one turn of the loop, sent in one write.
    func submit(_ requests: [(request: Request, deadline: NIODeadline)]) {
        for (request, deadline) in requests {
            switch state.admission {
            case .refuse(let error): request.finish(.failure(error))
            case .send, .wait:
                let refusal = pending.enqueue(request, commands: request.commands.count, deadline: deadline)
                if let refusal { request.finish(.failure(refusal)) }
            }
        }
        send()
        // The current timer may be for a silent connection, which is later than these deadlines.
        if let first = requests.first, timer.map({ $0.at > first.deadline }) ?? true { watch() }
    }

    /// Sends waiting requests, within the limits.
    func send() {
        guard let identity = state.identity, let channel else { return }
        let now = NIODeadline.now()
        while channel.isWritable {
            if outgoing.capacity > Self.maximumUnsentBytes { outgoing = ByteBuffer() } else { outgoing.clear() }
            while outgoing.readableBytes < Self.maximumUnsentBytes,
                let request = pending.dequeue(at: now, where: { Self.isWanted($0, by: identity) })
            {
                outgoing.writeCommands(request.commands)
            }
            guard outgoing.readableBytes > 0 else { return }
            channel.writeAndFlush(outgoing, promise: nil)
        }
    }

    /// Fails a request for another server, instead of sending it to this one.
    private static func isWanted(_ request: Request, by identity: String) -> Bool {
        if let expected = request.expectedIdentity, expected != identity {
            request.finish(.failure(.serverChanged))
            return false
        }
        return !request.isFinished
    }

    // MARK: Events of the connection

    func received(_ value: RedisValue) {
        guard handshake == nil else { return receivedInHandshake(value) }
        if value.isMoved { onEvent(.moved) }
        let isDemoted = value.isOfReplica
        defer { if isDemoted { lost(RedisError(.connection, "the Redis has become a replica")) } }
        switch pending.receive(value, at: .now()) {
        case .none: break
        case .complete(let request, let replies): request.finish(.success(replies))
        case .unexpected: lost(RedisError(.protocolViolation, "Redis sent a reply to nothing"))
        }
    }

    /// A batch of replies has been delivered: there may be room for more commands.
    func receivedAll() {
        send()
    }

    /// The socket is connected.
    func opened(_ channel: any Channel, _ handler: ReplyHandler) {
        self.channel = channel
        self.handler = handler
        let handshake = Handshake(configuration, to: destination)
        self.handshake = handshake
        var buffer = channel.allocator.buffer(capacity: 128)
        for command in handshake.commands { buffer.writeCommand(command) }
        channel.writeAndFlush(buffer, promise: nil)
        // It may have ended already.
        handler.report(to: self)
    }

    private func receivedInHandshake(_ value: RedisValue) {
        do {
            guard let identity = try handshake?.receive(value) else { return }
            handshake = nil
            connectTimer?.cancel()
            guard state.connected(to: identity, at: .now()) else { return }
            logger.info("connected to Redis", metadata: metadata.merging(["identity": "\(identity)"]) { $1 })
            onEvent(.connected(identity: identity))
            send()
        } catch {
            lost(RedisError(.connection, "Redis refused the connection: \(error)"))
        }
    }

    private var metadata: Logger.Metadata {
        ["url": "\(configuration)", "server": "\(address?.description ?? "unknown")"]
    }

    /// The connection was lost, or the attempt failed. Fails all pending requests.
    func lost(_ error: RedisError) {
        let action = state.lost(error, at: .now())
        guard case .reconnect(let delay) = action else { return }
        logger.warning(
            "no connection to Redis",
            metadata: metadata.merging(["error": "\(error)", "retry_ms": "\(delay.nanoseconds / 1_000_000)"]) { $1 })
        disconnect(failing: error)
        eventLoop.assumeIsolated().scheduleTask(in: delay) { if self.state.reconnect() { self.connect() } }
    }

    // MARK: The end

    /// - Returns: Done when the socket is closed.
    func close(failing error: RedisError) -> EventLoopFuture<Void> {
        let closed = channel?.closeFuture ?? eventLoop.makeSucceededVoidFuture()
        state.close()
        disconnect(failing: error)
        return closed
    }

    private func disconnect(failing error: RedisError) {
        onEvent(.lost(error))
        handler?.detach()
        channel?.close(promise: nil)
        (channel, handler, handshake, address) = (nil, nil, nil, nil)
        timer?.task.cancel()
        connectTimer?.cancel()
        (timer, connectTimer) = (nil, nil)
        for request in pending.removeAll() { request.finish(.failure(error)) }
    }

    // MARK: Time

    /// Schedules a check at the next deadline.
    private func watch() {
        let expiry = pending.expire(at: .now())
        for request in expiry.requests { request.finish(.failure(.timeout)) }
        if expiry.isSilent {
            return lost(RedisError(.timeout, "Redis did not answer for \(configuration.silenceTimeout)"))
        }
        guard let next = expiry.next else { return }
        if let timer, timer.at <= next { return }
        timer?.task.cancel()
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            self.timer = nil
            self.watch()
        }
        timer = (task, next)
    }

    /// Numbers a connection attempt, and cancels it after the timeout.
    func beginAttempt() -> Int {
        connectTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.connectTimeout)) {
            self.lost(RedisError(.connection, "Redis did not answer within \(self.configuration.connectTimeout)"))
        }
        attempts += 1
        return attempts
    }

    /// Whether this is the current attempt.
    func isCurrent(_ attempt: Int) -> Bool { attempt == attempts && state.isConnecting }
}
