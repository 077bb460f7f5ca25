import Basics
import CRdKafka
import Logging
import Synchronization

/// Owns a producer or a consumer of librdkafka.
///
/// `@unchecked Sendable`: librdkafka's calls are safe from any thread. `close` is the last one, and whoever made the handle
/// calls it after everything that uses it has ended.
final class KafkaHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Of everything that the client tells, but the records of partitions.
    let events: KafkaQueue
    private let logger: Logger
    /// librdkafka says that all is lost without saying why: that came before.
    private let lastError = Mutex<KafkaError?>(nil)

    init(
        _ type: rd_kafka_type_t, _ configuration: KafkaConfiguration, _ properties: [(String, String)], events: Int32,
        _ logger: Logger
    ) throws(KafkaError) {
        let settings = rd_kafka_conf_new()
        var message = [CChar](repeating: 0, count: 512)
        for (name, value) in configuration.properties + properties {
            guard rd_kafka_conf_set(settings, name, value, &message, message.count) == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(settings)
                throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "\(name): \(message.text)")
            }
        }
        rd_kafka_conf_set_events(settings, events | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
        guard let pointer = rd_kafka_new(type, settings, &message, message.count) else {
            rd_kafka_conf_destroy(settings)
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, message.text)
        }
        self.pointer = pointer
        self.logger = logger
        if type == RD_KAFKA_CONSUMER { rd_kafka_poll_set_consumer(pointer) }
        let queue = type == RD_KAFKA_CONSUMER ? rd_kafka_queue_get_consumer(pointer) : rd_kafka_queue_get_main(pointer)
        guard let queue else { preconditionFailure("a client has its queue") }
        self.events = KafkaQueue(queue)
        rd_kafka_set_log_queue(pointer, nil)
    }

    /// Handles everything that the client tells, until `isDone`.
    ///
    /// Looks once a second even if there is nothing: a consumer that does not is taken for dead.
    /// - Throws: What `handle` does, if the connection is lost, or if the task is cancelled.
    func serve(until isDone: () throws -> Bool, _ handle: (borrowing KafkaEvent) async throws -> Void) async throws {
        let ticks = Task { [events] in
            while (try? await Task.sleep(for: .seconds(1))) != nil { events.wakeup.wake() }
        }
        defer { ticks.cancel() }
        while true {
            try Task.checkCancellation()
            while let event = events.poll() {
                switch event.type {
                case RD_KAFKA_EVENT_LOG: log(event)
                case RD_KAFKA_EVENT_ERROR: try check(event)
                default: try await handle(event)
                }
            }
            if try isDone() { return }
            await events.wakeup.wait()
        }
    }

    /// - Throws: The error, unless the client gets over it.
    func check(_ event: borrowing KafkaEvent) throws(KafkaError) {
        let error = event.error
        guard Self.isFinal(error) || rd_kafka_event_error_is_fatal(event.pointer) != 0 else {
            logger.debug("Kafka", metadata: ["error": "\(error)"])
            return lastError.withLock { $0 = error }
        }
        throw reason(of: error)
    }

    private static func isFinal(_ error: KafkaError) -> Bool {
        switch rd_kafka_resp_err_t(error.code) {
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__AUTHENTICATION,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            true
        default: false
        }
    }

    private func reason(of error: KafkaError) -> KafkaError {
        guard error.code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue else { return error }
        return lastError.withLock(\.self) ?? error
    }

    private func log(_ event: borrowing KafkaEvent) {
        var (facility, text, level): (UnsafePointer<CChar>?, UnsafePointer<CChar>?, Int32) = (nil, nil, 0)
        guard rd_kafka_event_log(event.pointer, &facility, &text, &level) == 0, let text else { return }
        // As syslog numbers them. Failures of single connections are no news: there are other servers, or an error follows.
        logger.log(
            level: level <= 2 ? .error : level <= 6 ? .debug : .trace, "librdkafka",
            metadata: ["message": "\(String(cString: text))"])
    }

    /// - Throws: If the cluster does not respond in time, or does not have one of the topics for this user.
    func require(_ topics: [String], within limit: Duration) async throws(KafkaError) {
        let result = await Result.of { [self] in
            try await onBlockingThread { () throws in
                for topic in topics { try self.requireTopic(topic, within: limit) }
            }
        }
        do {
            try result.get()
        } catch {
            // Why, if it is known by now.
            while let event = events.poll() {
                if event.type == RD_KAFKA_EVENT_ERROR {
                    try check(event)
                } else if event.type == RD_KAFKA_EVENT_LOG {
                    log(event)
                }
            }
            throw (error as? KafkaError).map(reason) ?? .cancelled
        }
    }

    /// Blocks.
    private func requireTopic(_ name: String, within limit: Duration) throws(KafkaError) {
        guard let topic = rd_kafka_topic_new(pointer, name, nil) else { throw KafkaError(rd_kafka_last_error(), name) }
        defer { rd_kafka_topic_destroy(topic) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try rd_kafka_metadata(pointer, 0, topic, &metadata, Int32(limit / .milliseconds(1))).check()
        defer { rd_kafka_metadata_destroy(metadata) }
        guard let found = metadata?.pointee, found.topic_cnt > 0 else { throw .missing(name) }
        switch found.topics[0].err {
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: break
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: throw .missing(name)
        case let error: throw KafkaError(error, name, problem: "\(name): \(String(cString: rd_kafka_err2str(error)))")
        }
    }

    /// Waits for librdkafka's threads to end. A consumer leaves its group first; what a producer has not sent is dropped.
    func close(leavesGroup: Bool = false) async {
        _ = try? await onBlockingThread { [self] in
            if leavesGroup { rd_kafka_consumer_close(pointer) }
            events.close()
            rd_kafka_destroy(pointer)
        }
    }
}

extension [CChar] {
    /// Up to the NUL.
    fileprivate var text: String { String(decoding: prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) }
}
