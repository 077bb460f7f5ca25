import Basics
import CRdKafka
import Synchronization

/// A partition that its group has assigned to this consumer: its records, in order, from the first unsettled one on.
public final class KafkaPartition: Sendable {
    public let number: Int32
    private let topic: String
    private let handle: KafkaHandle
    private let limits: KafkaConsumer.Limits
    let queue: KafkaQueue

    private struct State {
        /// The first record that is not settled, once one was taken.
        var position: Int64?
        var unsettled = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    init?(_ number: Int32, of topic: String, _ handle: KafkaHandle, _ limits: KafkaConsumer.Limits) {
        guard let queue = rd_kafka_queue_get_partition(handle.pointer, topic, number) else { return nil }
        // Its records come here only: those of others do not wait behind them. Before it is assigned, so that none goes
        // elsewhere.
        rd_kafka_queue_forward(queue, nil)
        self.queue = KafkaQueue(queue)
        self.number = number
        self.topic = topic
        self.handle = handle
        self.limits = limits
    }

    /// The next record, as soon as fewer than the maximum are unsettled.
    /// - Returns: `nil` if the group takes the partition away, or if the task is cancelled.
    /// - Throws: If it cannot be read.
    public func next() async throws -> KafkaRecord? {
        while !Task.isCancelled, !isEnded {
            if let record = try poll() { return record }
            await queue.wakeup.wait()
        }
        return nil
    }

    private func poll() throws -> KafkaRecord? {
        guard state.withLock({ $0.unsettled < limits.unsettled }) else { return nil }
        while let event = queue.poll() {
            var record: KafkaRecord?
            switch event.type {
            case RD_KAFKA_EVENT_FETCH:
                // There is one in each.
                event.forEachMessage { record = KafkaRecord($0, maximumValueBytes: limits.valueBytes) }
            case RD_KAFKA_EVENT_ERROR: try handle.check(event)
            default: break
            }
            guard let record else { continue }
            state.withLock { state in
                state.position = state.position ?? record.offset
                state.unsettled += 1
            }
            return record
        }
        return nil
    }

    /// The record and those before it are done with: their offsets are committed within a second, and before the group gives the
    /// partition to somebody else.
    public func settle(_ record: KafkaRecord) {
        state.withLock { state in
            state.position = record.offset + 1
            state.unsettled -= 1
        }
        withPosition(record.offset + 1) { _ = rd_kafka_offsets_store(handle.pointer, $0) }
        queue.wakeup.wake()
    }

    /// Reads again from the first unsettled record on, when nobody has any of them.
    func rewind() async throws {
        let position = state.withLock { state in
            state.unsettled = 0
            return state.position
        }
        guard let position else { return }
        try await onBlockingThread { [self] in
            try withPosition(position) { list in
                if let error = rd_kafka_seek_partitions(
                    handle.pointer, list, Int32(Self.seekTimeout / .milliseconds(1)))
                {
                    defer { rd_kafka_error_destroy(error) }
                    throw KafkaError(rd_kafka_error_code(error), "partition \(number) cannot be read again")
                }
                try list.pointee.elems[0].err.check()
            }
        }
    }

    private static let seekTimeout = Duration.seconds(10)

    private func withPosition<T>(
        _ offset: Int64, _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws -> T
    ) rethrows -> T {
        guard let list = rd_kafka_topic_partition_list_new(1) else {
            preconditionFailure("librdkafka ends without memory")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        rd_kafka_topic_partition_list_add(list, topic, number).pointee.offset = offset
        return try body(list)
    }

    /// Less if it ends, or if the task is cancelled.
    func wait(for delay: Duration) async {
        let deadline = ContinuousClock.now + delay
        let timer = Task { [queue] in
            try? await Task.sleep(until: deadline)
            queue.wakeup.wake()
        }
        defer { timer.cancel() }
        while !isEnded, !Task.isCancelled, .now < deadline { await queue.wakeup.wait() }
    }

    var isEnded: Bool { state.withLock(\.isEnded) }

    /// No more records come.
    func end() {
        state.withLock { $0.isEnded = true }
        queue.wakeup.wake()
    }
}
