internal import NIOCore

/// A channel in confirm mode, with up to one consumer. After an error of kind `.server` it is closed, and the connection
/// is not.
public final class AMQPChannel: Sendable {
    private let connection: AMQPConnection
    private let state: NIOLoopBoundBox<ChannelState?>

    init(_ connection: AMQPConnection, _ state: NIOLoopBoundBox<ChannelState?>) {
        self.connection = connection
        self.state = state
    }

    // MARK: Declarations

    public func declare(_ exchange: AMQPExchangeDeclaration) async throws(AMQPError) {
        _ = try await call(.exchangeDeclare(exchange), reply: .exchangeDeclareOK)
    }

    @discardableResult
    public func declare(_ queue: AMQPQueueDeclaration) async throws(AMQPError) -> AMQPQueue {
        let reply = try await call(.queueDeclare(queue), reply: .queueDeclareOK)
        guard let queue = reply.queue else { preconditionFailure("queue.declare-ok has a queue") }
        return queue
    }

    public func bind(
        queue: String, to exchange: String, routingKey: String, arguments: AMQPTable = [:]
    ) async throws(AMQPError) {
        _ = try await call(
            .queueBind(queue: queue, exchange: exchange, routingKey: routingKey, arguments: arguments),
            reply: .queueBindOK)
    }

    /// That of the connection.
    public var blockedReason: String? { connection.blockedReason }

    // MARK: Publishing

    /// Publishes a message, and returns when the broker has confirmed it.
    /// - Throws: ``PublishFailure``: whether it was not sent, sent with an unknown outcome, or refused.
    public func publish(_ message: AMQPMessage) async throws(PublishFailure) {
        for outcome in await publish([message]) { try outcome.get() }
    }

    /// Publishes messages in this order, without waiting between them, and returns when the broker has confirmed all of
    /// them, or after ``AMQPConfiguration/confirmTimeout``. One that fails does not stop those behind it.
    ///
    /// Up to ``AMQPConfiguration/maximumUnconfirmed`` are sent ahead of their confirms, the others wait.
    /// - Returns: An outcome for each message.
    public func publish(_ messages: [AMQPMessage]) async -> [Result<Void, PublishFailure>] {
        let publication = Publication(messages)
        connection.execute { [state] session in
            guard let channel = state.value else { return publication.fail(.closed) }
            session.publish(publication, on: channel)
        }
        let limit = connection.configuration.confirmTimeout
        let timer = connection.eventLoop.scheduleTask(in: TimeAmount(limit)) {
            publication.fail(AMQPError(.timeout, "RabbitMQ did not confirm within \(limit)"))
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await publication.outcomes()
        } onCancel: {
            publication.fail(.cancelled)
        }
    }

    // MARK: Consuming

    /// Starts the channel's consumer.
    /// - Parameters:
    ///   - prefetch: The maximum deliveries that are not acknowledged, from 1 to 65,535. It bounds what waits here.
    ///   - isExclusive: Whether the queue may have no other consumer.
    public func consume(
        _ queue: String, prefetch: Int, isExclusive: Bool = false, arguments: AMQPTable = [:]
    ) async throws(AMQPError) -> AMQPConsumer {
        guard (1...Int(UInt16.max)).contains(prefetch) else { throw .invalid("a prefetch that is not from 1 to 65535") }
        let deliveries = Deliveries(prefetch: prefetch)
        _ = try await perform { session, channel, call in
            session.consume(
                .consume(queue: queue, isExclusive: isExclusive, arguments: arguments), deliveries, call, on: channel)
        }
        return AMQPConsumer(connection, deliveries)
    }

    // MARK: The end

    /// Closes the channel. The broker delivers again what was not acknowledged; messages without a confirm have an unknown
    /// outcome.
    public func close() async throws(AMQPError) {
        _ = try await call(.channelClose(.done), reply: .channelCloseOK)
    }

    /// Closes it without waiting.
    func abandon() {
        connection.execute { [state] session in
            guard let channel = state.value else { return }
            session.call(.channelClose(.done), reply: .channelCloseOK, Call(), on: channel)
        }
    }

    private func call(_ method: OutgoingMethod, reply: MethodID) async throws(AMQPError) -> Reply {
        try await perform { $0.call(method, reply: reply, $2, on: $1) }
    }

    private func perform(
        _ start: @escaping @Sendable (inout Session, ChannelState, Call) -> Void
    ) async throws(AMQPError) -> Reply {
        try await connection.perform { [state] session, call in
            guard let channel = state.value else { return call.finish(.failure(.closed)) }
            start(&session, channel, call)
        }
    }
}
