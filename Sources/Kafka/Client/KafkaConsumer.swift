import Basics
import CRdKafka
import Logging
import Synchronization

/// A member of a group of consumers, which share the partitions of a topic.
public final class KafkaConsumer: Sendable {
    public struct Limits: Sendable {
        /// The maximum records of a partition that are taken and not settled.
        public var unsettled: Int
        /// A longer value is not kept.
        public var valueBytes: Int

        public init(unsettled: Int, valueBytes: Int) {
            self.unsettled = unsettled
            self.valueBytes = valueBytes
        }
    }

    /// After the group has taken a partition, until what is taken of it has to be settled.
    private static let revocationLimit = Duration.seconds(30)

    private let handle: KafkaHandle
    private let topic: String
    private let limits: Limits
    private let logger: Logger
    private let members = Mutex<[Member]>([])
    /// Of the first task that ended otherwise than with its partition.
    private let result = Mutex<Result<Void, any Error>?>(nil)

    /// A partition, and the task that works on it.
    private struct Member {
        let partition: KafkaPartition
        let task: Task<Void, Never>
    }

    init(_ handle: KafkaHandle, topic: String, _ limits: Limits, _ logger: Logger) {
        self.handle = handle
        self.topic = topic
        self.limits = limits
        self.logger = logger
    }

    static func properties(group: String) -> [(String, String)] {
        [
            ("group.id", group),
            // What is settled is stored, and that is committed.
            ("enable.auto.offset.store", "false"), ("enable.auto.commit", "true"), ("auto.commit.interval.ms", "1000"),
            ("auto.offset.reset", "earliest"),
            ("partition.assignment.strategy", "range,roundrobin"),
            // Ahead, of each partition.
            ("queued.min.messages", "1000"), ("queued.max.messages.kbytes", "8192"),
            ("fetch.message.max.bytes", "1048576"),
            ("session.timeout.ms", "10000"),
        ]
    }

    /// Partitions that are assigned to this consumer.
    var assigned: Int { members.withLock(\.count) }

    /// Runs `body` with each partition as long as the group assigns it to this consumer: again after each failure, with
    /// backoff, from the first unsettled record on. Returns when `body` does without the end of its partition.
    /// - Throws: If the connection is lost, or the task is cancelled.
    func run(_ body: @escaping @Sendable (KafkaPartition) async throws -> Void) async throws {
        let result = await Result.of { [self] in
            try subscribe()
            try await handle.serve(until: isDone) { event in
                if event.type == RD_KAFKA_EVENT_REBALANCE { try await rebalance(event, body) }
            }
        }
        await endAll(cancelling: (try? result.get()) == nil)
        try result.get()
    }

    private func subscribe() throws {
        guard let list = rd_kafka_topic_partition_list_new(1) else {
            preconditionFailure("librdkafka ends without memory")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA)
        try rd_kafka_subscribe(handle.pointer, list).check()
    }

    private func isDone() throws -> Bool {
        guard let result = result.withLock(\.self) else { return false }
        try result.get()
        return true
    }

    private func rebalance(
        _ event: borrowing KafkaEvent, _ body: @escaping @Sendable (KafkaPartition) async throws -> Void
    ) async throws {
        // If it is lost, somebody else has the partitions already.
        await endAll(cancelling: rd_kafka_assignment_lost(handle.pointer) != 0)
        guard rd_kafka_event_error(event.pointer) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
            let list = rd_kafka_event_topic_partition_list(event.pointer)
        else {
            // What was settled is committed first.
            return try rd_kafka_assign(handle.pointer, nil).check()
        }
        let numbers = (0..<Int(list.pointee.cnt)).map { list.pointee.elems[$0].partition }
        let partitions = numbers.compactMap { KafkaPartition($0, of: topic, handle, limits) }
        try rd_kafka_assign(handle.pointer, list).check()
        logger.info("the group has assigned partitions", metadata: ["topic": "\(topic)", "partitions": "\(numbers)"])
        members.withLock { members in
            members = partitions.map { partition in
                Member(partition: partition, task: Task { await work(on: partition, body) })
            }
        }
    }

    private func work(
        on partition: KafkaPartition, _ body: @Sendable (KafkaPartition) async throws -> Void
    ) async {
        var backoff = Backoff(from: .milliseconds(100), upTo: .seconds(10))
        do {
            while !partition.isEnded {
                let start = ContinuousClock.now
                do {
                    try await body(partition)
                    if !partition.isEnded { finish(.success(())) }
                    return
                } catch  where !partition.isEnded {
                    if ContinuousClock.now - start > .seconds(5) { backoff.reset() }
                    await partition.wait(for: backoff.delay())
                    try Task.checkCancellation()
                    if !partition.isEnded { try await partition.rewind() }
                }
            }
        } catch {
            if !partition.isEnded { finish(.failure(error)) }
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        self.result.withLock { $0 = $0 ?? result }
        handle.events.wakeup.wake()
    }

    /// Returns when nobody works on a partition any more.
    private func endAll(cancelling: Bool) async {
        let members = members.withLock { members in
            defer { members = [] }
            return members
        }
        for member in members { member.partition.end() }
        let cancelling = Task {
            if !cancelling {
                guard (try? await Task.sleep(for: Self.revocationLimit)) != nil else { return }
            }
            for member in members { member.task.cancel() }
        }
        for member in members {
            await member.task.value
            member.partition.queue.close()
        }
        cancelling.cancel()
    }
}
