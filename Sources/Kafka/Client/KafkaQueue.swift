import CRdKafka
import Synchronization

/// Owns a queue of librdkafka's, and tells when there is something in it.
///
/// `@unchecked Sendable`: the pointer is used under the lock only. librdkafka's threads wake through `wakeup`, which lives as
/// long as this does, until `close`.
final class KafkaQueue: @unchecked Sendable {
    let wakeup = Wakeup()
    private let isOpen = Mutex(true)
    private let queue: OpaquePointer

    /// Takes over the reference.
    init(_ queue: OpaquePointer) {
        self.queue = queue
        rd_kafka_queue_cb_event_enable(
            queue, { _, wakeup in wakeup.map { Unmanaged<Wakeup>.fromOpaque($0).takeUnretainedValue().wake() } },
            Unmanaged.passUnretained(wakeup).toOpaque())
        // For what is in it already.
        wakeup.wake()
    }

    deinit { close() }

    /// Does not wait.
    func poll() -> KafkaEvent? {
        isOpen.withLock { isOpen in
            guard isOpen, let event = rd_kafka_queue_poll(queue, 0) else { return nil }
            return KafkaEvent(event)
        }
    }

    /// Before the client is destroyed.
    func close() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            rd_kafka_queue_cb_event_enable(queue, nil, nil)
            rd_kafka_queue_destroy(queue)
        }
    }
}

struct KafkaEvent: ~Copyable {
    let pointer: OpaquePointer

    fileprivate init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { rd_kafka_event_destroy(pointer) }

    var type: Int32 { rd_kafka_event_type(pointer) }

    var error: KafkaError {
        KafkaError(rd_kafka_event_error(pointer), String(cString: rd_kafka_event_error_string(pointer)))
    }

    /// Its messages, which live as long as it does.
    func forEachMessage(_ body: (UnsafePointer<rd_kafka_message_t>) -> Void) {
        while let message = rd_kafka_event_message_next(pointer) { body(message) }
    }
}
