import CRdKafka
import Synchronization

/// What is in a topic, read from its beginning by a client of its own.
///
/// `@unchecked Sendable`: only the reading task uses the client.
public final class KafkaReader: @unchecked Sendable {
    public struct Record: Sendable {
        public let partition: Int32
        public let key: String?
        public let text: String?
        public let headers: [String: String]
    }

    private let records = Mutex<[Record]>([])
    private let client: OpaquePointer

    public var taken: [Record] { records.withLock(\.self) }

    /// Reads while `body` runs.
    public static func reading<T>(
        _ topic: String, partitions: Int32 = 1, of kafka: MockKafka, _ body: (KafkaReader) async throws -> T
    ) async throws -> T {
        let reader = KafkaReader(topic, partitions, kafka.servers)
        let task = Task { await reader.read() }
        let result: Result<T, any Error>
        do { result = .success(try await body(reader)) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        rd_kafka_consumer_close(reader.client)
        rd_kafka_destroy(reader.client)
        return try result.get()
    }

    private init(_ topic: String, _ partitions: Int32, _ servers: String) {
        let settings = rd_kafka_conf_new()
        for (name, value) in [
            ("bootstrap.servers", servers), ("group.id", "reader"), ("auto.offset.reset", "earliest"),
            ("enable.auto.commit", "false"), ("reconnect.backoff.max.ms", "200"),
        ] { rd_kafka_conf_set(settings, name, value, nil, 0) }
        guard let client = rd_kafka_new(RD_KAFKA_CONSUMER, settings, nil, 0) else {
            preconditionFailure("there is a client")
        }
        self.client = client
        rd_kafka_poll_set_consumer(client)
        let list = rd_kafka_topic_partition_list_new(partitions)
        for partition in 0..<partitions {
            rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
        }
        rd_kafka_assign(client, list)
        rd_kafka_topic_partition_list_destroy(list)
    }

    private func read() async {
        while !Task.isCancelled {
            guard let message = rd_kafka_consumer_poll(client, 0) else {
                try? await Task.sleep(for: .milliseconds(2))
                continue
            }
            defer { rd_kafka_message_destroy(message) }
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { take(message) }
        }
    }

    private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        func text(_ start: UnsafeRawPointer?, _ count: Int) -> String? {
            start.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
        }
        var headers: [String: String] = [:]
        var list: OpaquePointer?
        if rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list {
            for index in 0..<rd_kafka_header_cnt(list) {
                var (name, value, count): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
                rd_kafka_header_get_all(list, index, &name, &value, &count)
                if let name { headers[String(cString: name)] = text(value, count) }
            }
        }
        let record = Record(
            partition: message.pointee.partition, key: text(message.pointee.key, message.pointee.key_len),
            text: text(message.pointee.payload, message.pointee.len), headers: headers)
        records.withLock { $0.append(record) }
    }
}
