import Basics
import CRdKafka
public import Logging
import Synchronization

/// Connects to a Kafka cluster, again whenever the connection is lost.
public final class KafkaClient: Sendable {
    public let configuration: KafkaConfiguration
    private let confirmTimeout: Duration
    private let logger: Logger
    private let status = Mutex<String?>("no connection to Kafka")

    /// How long the cluster has to say which topics there are.
    private static let requestTimeout = Duration.seconds(10)

    /// - Parameter confirmTimeout: From sending messages to the last confirm, before everything is begun anew.
    public init(_ configuration: KafkaConfiguration, confirmTimeout: Duration = .seconds(30), logger: Logger) {
        self.configuration = configuration
        self.confirmTimeout = confirmTimeout
        self.logger = logger
    }

    /// Why there is no connection, for everybody: without hosts and secrets. Nil if there is one.
    public var problem: String? { status.withLock(\.self) }

    /// Whether the cluster can be reached, lets this user in, and has these topics.
    public func check(_ topics: [String]) async throws(KafkaError) {
        let handle = try KafkaHandle(RD_KAFKA_PRODUCER, configuration, [], events: 0, logger)
        let result = await Result.of { () async throws(KafkaError) in
            try await handle.require(topics, within: Self.requestTimeout)
        }
        await handle.close()
        try result.get()
    }

    /// Runs `body` with a producer until it returns: again after each failure, with backoff. When the connection is lost, the
    /// task of `body` is cancelled.
    /// - Parameter topics: That have to exist.
    /// - Throws: `CancellationError`, after the caller's task was cancelled and `body` has ended.
    func withProducer(
        _ order: KafkaProducer.Order, of topics: [String],
        _ body: @escaping @Sendable (KafkaProducer) async throws -> Void
    ) async throws {
        var backoff = Backoff(from: .milliseconds(100), upTo: .seconds(10))
        while true {
            let start = ContinuousClock.now
            do {
                return try await runOnce(order, topics, body)
            } catch {
                try Task.checkCancellation()
                status.withLock { $0 = (error as? KafkaError)?.problem ?? "no connection to Kafka" }
                if ContinuousClock.now - start >= .seconds(5) { backoff.reset() }
                let delay = backoff.delay()
                logger.warning(
                    "no connection to Kafka",
                    metadata: ["servers": "\(configuration)", "error": "\(error)", "retry_in": "\(delay)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    private func runOnce(
        _ order: KafkaProducer.Order, _ topics: [String],
        _ body: @escaping @Sendable (KafkaProducer) async throws -> Void
    ) async throws {
        let handle = try KafkaHandle(
            RD_KAFKA_PRODUCER, configuration, KafkaProducer.properties(order), events: RD_KAFKA_EVENT_DR, logger)
        let result = await Result.of { [self] in
            try await handle.require(topics, within: Self.requestTimeout)
            status.withLock { $0 = nil }
            logger.info("connected to Kafka", metadata: ["servers": "\(configuration)"])
            let producer = KafkaProducer(handle, order, confirmTimeout: confirmTimeout)
            try await withThrowingTaskGroup { group in
                group.addTask { try await producer.run() }
                group.addTask { try await body(producer) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        await handle.close()
        try result.get()
    }

    /// Runs `body` with a consumer that is a member of a group, once.
    func withConsumer(
        of topic: String, group: String, _ limits: KafkaConsumer.Limits,
        _ body: (KafkaConsumer) async throws -> Void
    ) async throws {
        let handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration, KafkaConsumer.properties(group: group), events: RD_KAFKA_EVENT_REBALANCE,
            logger)
        let result = await Result.of { try await body(KafkaConsumer(handle, topic: topic, limits, logger)) }
        await handle.close(leavesGroup: true)
        try result.get()
    }
}
