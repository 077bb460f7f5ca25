internal import NIOCore

/// The protocol's state on one connection: from the first byte to the last. Does no I/O: it reads bytes, and appends to
/// `outgoing` what ``ConnectionHandler`` writes.
struct Session: ~Copyable {
    private enum Phase {
        case starting
        case tuning
        case opening
        case open
        /// Waits for the confirms of what was published.
        case draining
        case closing
        case closed(AMQPError)
    }

    /// Encoding of messages pauses at this size until the socket has taken some of it.
    static let maximumUnsentBytes = 1 << 20
    /// Heartbeats are checked twice in the negotiated time, and two of them may be missing.
    private static let maximumSilentTicks = 4

    let configuration: AMQPConfiguration
    var outgoing = ByteBuffer()
    /// The broker's reason to take no messages, such as `low on memory`. None are sent until it is over.
    private(set) var blockedReason: String?
    private(set) var tuning: Tuning
    private var phase = Phase.starting
    private var decoder: FrameDecoder
    private var channels: [UInt16: ChannelState] = [:]
    private var hasReceived = false
    private var hasSent = false
    private var silentTicks = 0

    /// Begins with the protocol's header.
    init(_ configuration: AMQPConfiguration) {
        self.configuration = configuration
        decoder = FrameDecoder(maximumFrameBytes: configuration.maximumFrameBytes)
        tuning = Tuning(
            channels: UInt16(configuration.maximumChannels), frameBytes: UInt32(configuration.maximumFrameBytes),
            heartbeat: UInt16(configuration.heartbeat.components.seconds))
        outgoing.writeBytes(Array("AMQP\0\0\u{9}\u{1}".utf8))
    }

    var isOpen: Bool { if case .open = phase { true } else { false } }
    private var frameBytes: Int { Int(tuning.frameBytes) }

    // MARK: What is received

    /// - Throws: Why the connection has ended: `.protocolViolation`, `.server`, or `.closed` if that was asked for.
    ///   `outgoing` may have a last frame.
    mutating func receive(_ bytes: ByteBuffer) throws(AMQPError) {
        if case .closed(let error) = phase { throw error }
        hasReceived = true
        decoder.append(bytes)
        while let frame = try decoder.next() {
            if frame.channel == 0 {
                try receiveOnConnection(frame)
            } else {
                try receiveOnChannel(frame)
            }
        }
        try closeIfDrained()
    }

    private mutating func receiveOnConnection(_ frame: Frame) throws(AMQPError) {
        switch frame.type {
        case .heartbeat: return
        case .header, .body: throw .malformed("a message on channel 0")
        case .method: break
        }
        switch (phase, try IncomingMethod(frame.payload)) {
        case (_, .connectionClose(let reason)):
            try outgoing.writeMethod(.connectionCloseOK, channel: 0)
            throw reason.error
        case (.starting, .start(let mechanisms)): try authenticate(mechanisms)
        case (.tuning, .tune(let offer)): try tune(offer)
        case (.opening, .reply(let reply)) where reply.method == .connectionOpenOK: phase = .open
        case (.closing, .reply(let reply)) where reply.method == .connectionCloseOK: throw .closed
        case (.open, .blocked(let reason)), (.draining, .blocked(let reason)): blockedReason = reason
        case (.open, .unblocked), (.draining, .unblocked): blockedReason = nil
        case (.closing, _): break
        default: throw .malformed("a method that is not expected now")
        }
    }

    private mutating func authenticate(_ mechanisms: String) throws(AMQPError) {
        guard mechanisms.split(separator: " ").contains("PLAIN") else {
            throw AMQPError(.connection, "RabbitMQ does not allow passwords (PLAIN), only \(mechanisms)")
        }
        let capabilities: [String: AMQPValue] = [
            "authentication_failure_close": true, "basic.nack": true, "connection.blocked": true,
            "consumer_cancel_notify": true, "publisher_confirms": true,
        ]
        try outgoing.writeMethod(
            .startOK(
                properties: [
                    "product": "khata", "connection_name": .string(configuration.connectionName),
                    "capabilities": .table(capabilities),
                ],
                response: "\0\(configuration.user)\0\(configuration.password)"), channel: 0)
        phase = .tuning
    }

    /// Zero stands for no limit, and for no heartbeats, which are insisted on.
    private mutating func tune(_ offer: Tuning) throws(AMQPError) {
        if offer.channels != 0 { tuning.channels = min(tuning.channels, offer.channels) }
        if offer.frameBytes != 0 { tuning.frameBytes = min(tuning.frameBytes, offer.frameBytes) }
        if offer.heartbeat != 0 { tuning.heartbeat = min(tuning.heartbeat, offer.heartbeat) }
        guard frameBytes >= Frame.minimumLimit else { throw .malformed("a limit of frames below 4096 bytes") }
        decoder.maximumFrameBytes = frameBytes
        try outgoing.writeMethod(.tuneOK(tuning), channel: 0)
        try outgoing.writeMethod(.open(virtualHost: configuration.virtualHost), channel: 0)
        phase = .opening
    }

    private mutating func receiveOnChannel(_ frame: Frame) throws(AMQPError) {
        if case .closing = phase { return }
        guard let channel = channels[frame.channel] else {
            throw .malformed("a frame on channel \(frame.channel), which is not open")
        }
        if frame.type == .method, case .channelClose(let reason) = try IncomingMethod(frame.payload) {
            try outgoing.writeMethod(.channelCloseOK, channel: frame.channel)
            // If both sides close it, the reply to ours is still to come.
            if !channel.isClosing { channel.end(reason.error) }
        } else {
            try channel.receive(frame)
        }
        if channel.isClosed { channels[frame.channel] = nil }
    }

    // MARK: Calls

    /// - Returns: A new channel; its opening is complete with the call.
    mutating func openChannel(_ call: Call) -> ChannelState? {
        if let error = refusal {
            call.finish(.failure(error))
            return nil
        }
        guard let number = (1...tuning.channels).first(where: { channels[$0] == nil }) else {
            call.finish(.failure(AMQPError(.overloaded, "all \(tuning.channels) channels of the connection are open")))
            return nil
        }
        let channel = ChannelState(number, configuration, frameBytes: frameBytes)
        channels[number] = channel
        channel.call(.channelOpen, reply: .channelOpenOK, Call(), to: &outgoing)
        channel.call(.confirmSelect, reply: .confirmSelectOK, call, to: &outgoing)
        return channel
    }

    mutating func call(_ method: OutgoingMethod, reply: MethodID, _ call: Call, on channel: ChannelState) {
        channel.call(method, reply: reply, call, to: &outgoing)
    }

    mutating func consume(
        _ method: OutgoingMethod, _ deliveries: Deliveries, _ call: Call, on channel: ChannelState
    ) {
        guard channel.attach(deliveries) else { return call.finish(.failure(.invalid("a channel has one consumer"))) }
        channel.call(.qos(prefetch: UInt16(deliveries.prefetch)), reply: .basicQoSOK, Call(), to: &outgoing)
        channel.call(method, reply: .basicConsumeOK, call, to: &outgoing)
    }

    func publish(_ publication: Publication, on channel: ChannelState) {
        if let error = refusal { return publication.fail(error) }
        channel.publish(publication)
    }

    private var refusal: AMQPError? {
        switch phase {
        case .open: nil
        case .closed(let error): error
        case .draining, .closing: .closed
        case .starting, .tuning, .opening: AMQPError(.connection, "the connection to RabbitMQ is not open yet")
        }
    }

    // MARK: What is sent

    /// Appends acknowledgements and, unless the broker takes none, messages. To be called while the socket takes bytes.
    mutating func fill() {
        for channel in channels.values {
            channel.acknowledge(to: &outgoing)
            if blockedReason == nil { channel.send(to: &outgoing, maximumBytes: Self.maximumUnsentBytes) }
        }
    }

    /// What to write now.
    mutating func takeOutgoing() -> ByteBuffer? {
        guard outgoing.readableBytes > 0 else { return nil }
        hasSent = true
        defer { if outgoing.capacity > Self.maximumUnsentBytes { outgoing = ByteBuffer() } else { outgoing.clear() } }
        return outgoing
    }

    /// Half of the negotiated heartbeat has passed.
    /// - Throws: `.connection`, if nothing was received for two heartbeats.
    mutating func tick() throws(AMQPError) {
        silentTicks = hasReceived ? 0 : silentTicks + 1
        hasReceived = false
        guard silentTicks < Self.maximumSilentTicks else {
            throw AMQPError(.connection, "RabbitMQ was silent for \(2 * Int(tuning.heartbeat)) s")
        }
        if !hasSent, outgoing.readableBytes == 0 { try outgoing.writeFrame(.heartbeat, channel: 0) { _ in } }
        hasSent = false
    }

    // MARK: The end

    /// Refuses everything new, waits for the confirms of what was sent, and says goodbye.
    mutating func close() throws(AMQPError) {
        guard case .open = phase else { return }
        phase = .draining
        for channel in channels.values { channel.refuseWaiting(.closed) }
        try closeIfDrained()
    }

    private mutating func closeIfDrained() throws(AMQPError) {
        guard case .draining = phase, channels.values.allSatisfy(\.isConfirmed) else { return }
        for channel in channels.values { channel.acknowledge(to: &outgoing) }
        try outgoing.writeMethod(.connectionClose(.done), channel: 0)
        phase = .closing
    }

    /// Fails everything that waits, with why the connection has ended.
    mutating func end(_ error: AMQPError) {
        if case .closed = phase { return }
        phase = .closed(error)
        for channel in channels.values { channel.end(error) }
        channels.removeAll()
    }
}
