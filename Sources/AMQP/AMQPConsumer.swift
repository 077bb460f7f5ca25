/// The deliveries of a queue, for one task to iterate. No more than the prefetch wait.
///
/// It ends when the channel or the connection is closed on this side, and throws ``AMQPError`` if either is lost, or if the
/// broker ends the consumer. There is no way to stop it alone: to cancel a consumer breaks the order of a queue with a
/// single active one, so close the channel.
public struct AMQPConsumer: AsyncSequence, Sendable {
    public typealias Element = AMQPDelivery
    public typealias Failure = AMQPError

    private let connection: AMQPConnection
    private let deliveries: Deliveries

    init(_ connection: AMQPConnection, _ deliveries: Deliveries) {
        self.connection = connection
        self.deliveries = deliveries
    }

    /// Says that the message with this tag is done with: from any thread, in any order. It is acknowledged as soon as all
    /// that were delivered before it are settled, too. After the end, or for another tag, does nothing.
    public func settle(_ tag: UInt64) {
        if deliveries.settle(tag) { connection.execute { _ in } }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(deliveries: deliveries) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let deliveries: Deliveries

        /// - Returns: Nil after the end, or if the task was cancelled.
        public mutating func next() async throws(AMQPError) -> AMQPDelivery? {
            try await deliveries.next()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(AMQPError) -> AMQPDelivery? {
            try await deliveries.next()
        }
    }
}
