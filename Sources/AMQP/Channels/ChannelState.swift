internal import DequeModule
internal import NIOCore

/// A channel as its ``Session`` knows it. Does no I/O. Confined to the connection's event loop.
final class ChannelState {
    private enum Phase {
        case open
        /// `channel.close` was sent: what comes before its reply means nothing.
        case closing
        case closed(AMQPError)
    }

    /// The maximum calls without a reply.
    static let maximumCalls = 64

    let number: UInt16
    private let configuration: AMQPConfiguration
    /// The maximum size of a frame.
    private let frameBytes: Int
    private var phase = Phase.open
    private var calls: Deque<(method: MethodID, call: Call)> = []
    private var content: ContentAssembly
    private var confirms: Confirms<(publication: Publication, index: Int)>
    /// Messages behind `confirms`, which may be of callers that gave up.
    private var publications: Deque<(publication: Publication, unsent: Int)> = []
    private var waitingMessages = 0
    private(set) var deliveries: Deliveries?

    init(_ number: UInt16, _ configuration: AMQPConfiguration, frameBytes: Int) {
        self.number = number
        self.frameBytes = frameBytes
        self.configuration = configuration
        content = ContentAssembly(maximumBodyBytes: configuration.maximumBodyBytes)
        confirms = Confirms(maximum: configuration.maximumUnconfirmed)
    }

    var isClosing: Bool { if case .closing = phase { true } else { false } }
    var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// Whether nothing is published without a confirm.
    var isConfirmed: Bool { confirms.isEmpty }

    // MARK: What is sent

    /// Sends a method whose reply completes the call.
    func call(
        _ method: OutgoingMethod, reply: MethodID, _ call: Call, to outgoing: inout ByteBuffer
    ) {
        switch phase {
        case .closed(let error): return call.finish(.failure(error))
        case .closing: return call.finish(.failure(.closed))
        case .open: break
        }
        guard calls.count < Self.maximumCalls else {
            return call.finish(.failure(AMQPError(.overloaded, "\(calls.count) calls of a channel await replies")))
        }
        if case .channelClose = method { acknowledge(to: &outgoing) }
        do throws(AMQPError) {
            try outgoing.writeMethod(method, channel: number, maximumBytes: frameBytes)
        } catch {
            return call.finish(.failure(error))
        }
        calls.append((reply, call))
        if case .channelClose = method { phase = .closing }
    }

    /// - Returns: Whether the channel has no consumer yet, which it may have one of.
    func attach(_ deliveries: Deliveries) -> Bool {
        guard self.deliveries == nil else { return false }
        self.deliveries = deliveries
        return true
    }

    func publish(_ publication: Publication) {
        switch phase {
        case .closed(let error): return publication.fail(error)
        case .closing: return publication.fail(.closed)
        case .open: break
        }
        let count = publication.messages.count
        if waitingMessages + count > configuration.maximumWaiting { dropFinished() }
        // Any number of messages may be published together, if none wait.
        guard waitingMessages == 0 || waitingMessages + count <= configuration.maximumWaiting else {
            return publication.fail(AMQPError(.overloaded, "\(waitingMessages) messages wait to be published"))
        }
        publications.append((publication, count))
        waitingMessages += count
    }

    private func dropFinished() {
        publications.removeAll { $0.publication.isFinished }
        waitingMessages = publications.reduce(0) { $0 + $1.unsent }
    }

    /// Encodes the acknowledgement of what was settled.
    func acknowledge(to outgoing: inout ByteBuffer) {
        guard case .open = phase, let tag = deliveries?.takeAcknowledgement() else { return }
        outgoing.writeFixedMethod(.ack(upTo: tag), channel: number)
    }

    /// Encodes waiting messages, within the limits.
    func send(to outgoing: inout ByteBuffer, maximumBytes: Int) {
        while outgoing.readableBytes < maximumBytes, confirms.hasRoom, let first = publications.first {
            guard let index = first.publication.takeNext() else {
                publications.removeFirst()
                waitingMessages -= first.unsent
                continue
            }
            publications[0].unsent -= 1
            waitingMessages -= 1
            do throws(AMQPError) {
                try write(first.publication.messages[index], to: &outgoing)
                confirms.append((first.publication, index))
            } catch {
                first.publication.settle(index, .failure(.notSent(error)))
            }
        }
    }

    private func write(_ message: AMQPMessage, to outgoing: inout ByteBuffer) throws(AMQPError) {
        guard message.body.readableBytes <= configuration.maximumBodyBytes else {
            throw .invalid(
                "a body of \(message.body.readableBytes) bytes: \(configuration.maximumBodyBytes) are allowed")
        }
        guard !message.isMandatory || message.properties.messageID != nil else {
            throw .invalid("a mandatory message without a message id")
        }
        let start = outgoing.writerIndex
        do throws(AMQPError) {
            let method = OutgoingMethod.publish(
                exchange: message.exchange, routingKey: message.routingKey, isMandatory: message.isMandatory)
            try outgoing.writeMethod(method, channel: number, maximumBytes: frameBytes)
            try outgoing.writeFrame(.header, channel: number, maximumBytes: frameBytes) { (bytes) throws(AMQPError) in
                bytes.writeMultipleIntegers(basicClass, UInt16(0), UInt64(message.body.readableBytes))
                try bytes.writeProperties(message.properties)
            }
            var body = message.body
            while let part = body.readSlice(length: min(body.readableBytes, frameBytes - Frame.overhead)),
                part.readableBytes > 0
            {
                try outgoing.writeFrame(.body, channel: number) { $0.writeImmutableBuffer(part) }
            }
        } catch {
            outgoing.moveWriterIndex(to: start)
            throw error
        }
    }

    // MARK: What is received

    /// - Throws: `.protocolViolation`, which ends the connection.
    func receive(_ frame: Frame) throws(AMQPError) {
        if case .closing = phase { return try receiveWhileClosing(frame) }
        switch frame.type {
        case .method: try receive(IncomingMethod(frame.payload))
        case .header: try content.receiveHeader(frame.payload).map(complete)
        case .body: try content.receiveBody(frame.payload).map(complete)
        case .heartbeat: throw .malformed("a heartbeat on a channel")
        }
    }

    /// What was sent before the broker saw the close does not matter, but for confirms.
    private func receiveWhileClosing(_ frame: Frame) throws(AMQPError) {
        guard frame.type == .method else { return }
        switch try IncomingMethod(frame.payload) {
        case .confirm(let tag, let isMultiple, let isAccepted):
            try confirm(tag, isMultiple: isMultiple, isAccepted: isAccepted)
        case .reply(let reply) where reply.method == .channelCloseOK:
            if let (method, call) = calls.popLast(), method == .channelCloseOK { call.finish(.success(reply)) }
            end(.closed)
        default: break
        }
    }

    private func confirm(_ tag: UInt64, isMultiple: Bool, isAccepted: Bool) throws(AMQPError) {
        for (publication, index) in try confirms.receive(tag: tag, isMultiple: isMultiple) {
            publication.settle(index, isAccepted ? .success(()) : .failure(.rejected))
        }
    }

    private func receive(_ method: IncomingMethod) throws(AMQPError) {
        guard content.isIdle else { throw .malformed("a method inside of a message") }
        switch method {
        case .deliver, .returned: content.begin(method)
        case .confirm(let tag, let isMultiple, let isAccepted):
            try confirm(tag, isMultiple: isMultiple, isAccepted: isAccepted)
        case .cancel:
            deliveries?.end(.failure(AMQPError(.consumerCancelled, "RabbitMQ ended the consumer: its queue is gone")))
        case .reply(let reply):
            guard let (method, call) = calls.popFirst(), method == reply.method else {
                throw .malformed("a reply \(reply.method) to nothing")
            }
            call.finish(.success(reply))
        case .start, .tune, .blocked, .unblocked, .connectionClose, .channelClose:
            throw .malformed("a method of the connection on a channel")
        }
    }

    private func complete(_ content: ContentAssembly.Content) throws(AMQPError) {
        switch content.method {
        case .deliver(let tag, let isRedelivered, let exchange, let routingKey):
            guard let deliveries else { throw .malformed("a message to no consumer") }
            try deliveries.deliver(
                AMQPDelivery(
                    tag: tag, isRedelivered: isRedelivered, exchange: exchange, routingKey: routingKey,
                    properties: content.properties, body: content.body))
        case .returned(let returned):
            // Comes before the message's confirm, which then changes nothing.
            let message = confirms.first { publication, index in
                let message = publication.messages[index]
                return message.isMandatory && message.properties.messageID == content.properties.messageID
                    && message.exchange == returned.exchange && message.routingKey == returned.routingKey
                    && !publication.isSettled(index)
            }
            message?.publication.settle(
                message?.index ?? 0, .failure(.returned(code: returned.code, reason: returned.reason)))
        default: preconditionFailure("only deliveries and returned messages have content")
        }
    }

    // MARK: The end

    /// Fails the messages that were not sent: the connection is about to be closed.
    func refuseWaiting(_ error: AMQPError) {
        for (publication, _) in publications { publication.failWaiting(error) }
        publications.removeAll()
        waitingMessages = 0
    }

    /// Fails everything, once.
    func end(_ error: AMQPError) {
        if case .closed = phase { return }
        phase = .closed(error)
        for (_, call) in calls { call.finish(.failure(error)) }
        for (publication, _) in publications { publication.fail(error) }
        for (publication, _) in confirms.removeAll() { publication.fail(error) }
        deliveries?.end(error.kind == .closed ? .success(nil) : .failure(error))
        calls.removeAll()
        publications.removeAll()
    }
}
