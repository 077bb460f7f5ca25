internal import NIOCore

/// An open connection to a RabbitMQ broker. Must be closed.
///
/// All waits are bounded: a call gets a reply or an error within ``AMQPConfiguration/requestTimeout``, a published message
/// its outcome within ``AMQPConfiguration/confirmTimeout``, and a lost connection fails everything at once.
public final class AMQPConnection: Sendable {
    let configuration: AMQPConfiguration
    let eventLoop: any EventLoop
    let handler: NIOLoopBound<ConnectionHandler>
    let opened: Waiter<Result<Void, AMQPError>>
    private let channel: any Channel
    private let status: ConnectionStatus

    /// On the channel's event loop.
    init(
        _ configuration: AMQPConfiguration, _ channel: any Channel, _ handler: ConnectionHandler,
        _ status: ConnectionStatus
    ) {
        self.configuration = configuration
        self.channel = channel
        self.status = status
        eventLoop = channel.eventLoop
        opened = handler.opened
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    public var isOpen: Bool { status.error == nil }

    /// Why the broker takes no messages, such as `low on memory` or `low on disk`; nil if it does. Until that is over,
    /// published messages wait on this side.
    public var blockedReason: String? { status.blockedReason }

    /// Waits until the connection is closed, whether its task is cancelled or not.
    /// - Returns: Why it was closed: `.closed` if that was asked for.
    public func closed() async -> AMQPError {
        try? await channel.closeFuture.get()
        return status.error ?? .closed
    }

    /// Opens a channel, in confirm mode.
    /// - Throws: ``AMQPError``; `.overloaded` if all channels are open.
    public func openChannel() async throws(AMQPError) -> AMQPChannel {
        let state = NIOLoopBoundBox.makeEmptyBox(valueType: ChannelState.self, eventLoop: eventLoop)
        let channel = AMQPChannel(self, state)
        do throws(AMQPError) {
            _ = try await perform { session, call in state.value = session.openChannel(call) }
        } catch {
            channel.abandon()
            throw error
        }
        return channel
    }

    /// Closes the connection: waits for the confirms of the messages that were sent, fails those that were not, and
    /// acknowledges what was settled. After the limit, closes it without.
    public func close(within limit: Duration = .seconds(5)) async {
        let handler = handler
        eventLoop.execute { handler.value.close() }
        let timer = eventLoop.scheduleTask(in: TimeAmount(limit)) { handler.value.end(.closed) }
        _ = await closed()
        timer.cancel()
    }

    /// Starts a call on the event loop, and awaits its reply.
    func perform(
        _ start: @escaping @Sendable (inout Session, Call) -> Void
    ) async throws(AMQPError) -> Reply {
        let call = Call()
        execute { start(&$0, call) }
        let timeout = AMQPError(.timeout, "RabbitMQ did not reply within \(configuration.requestTimeout)")
        let timer = eventLoop.scheduleTask(in: TimeAmount(configuration.requestTimeout)) {
            call.finish(.failure(timeout))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            await call.value()
        } onCancel: {
            call.finish(.failure(.cancelled))
        }.get()
    }

    func execute(_ change: @escaping @Sendable (inout Session) -> Void) {
        let handler = handler
        eventLoop.execute { handler.value.perform(change) }
    }
}
