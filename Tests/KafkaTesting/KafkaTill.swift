import CRdKafka

/// Sends records, as a till's program does.
///
/// `@unchecked Sendable`: librdkafka's calls are safe from any thread.
public final class KafkaTill: @unchecked Sendable {
    public struct Record: Sendable {
        public var topic = "khata.commands"
        public var key: String?
        public var value: String?
        public var headers: [(name: String, value: String)] = []
        /// In milliseconds since 1970; now, without.
        public var timestamp: Int64?

        public init(key: String?, _ value: String?, _ headers: [(name: String, value: String)] = []) {
            self.key = key
            self.value = value
            self.headers = headers
        }
    }

    private let client: OpaquePointer

    public init(_ kafka: MockKafka) {
        let settings = rd_kafka_conf_new()
        for (name, value) in [
            ("bootstrap.servers", kafka.servers), ("enable.idempotence", "true"), ("message.max.bytes", "4000000"),
        ] { rd_kafka_conf_set(settings, name, value, nil, 0) }
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, nil, 0) else {
            preconditionFailure("there is a client")
        }
        self.client = client
    }

    deinit { rd_kafka_destroy(client) }

    /// Returns once the broker has them.
    public func send(_ records: [Record]) async throws {
        for record in records {
            let headers = rd_kafka_headers_new(record.headers.count)
            for header in record.headers {
                rd_kafka_header_add(headers, header.name, -1, header.value, header.value.utf8.count)
            }
            let (key, value) = (record.key.map { Array($0.utf8) }, record.value.map { Array($0.utf8) })
            record.topic.withCString { topic in
                var parts = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
                parts[0].vtype = RD_KAFKA_VTYPE_TOPIC
                parts[0].u.cstr = topic
                parts[1].vtype = RD_KAFKA_VTYPE_KEY
                parts[2].vtype = RD_KAFKA_VTYPE_VALUE
                parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                parts[3].u.i = RD_KAFKA_MSG_F_COPY
                parts[4].vtype = RD_KAFKA_VTYPE_HEADERS
                parts[4].u.headers = headers
                parts[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP
                parts[5].u.i64 = record.timestamp ?? 0
                (key ?? []).withUnsafeBytes { key in
                    (value ?? []).withUnsafeBytes { bytes in
                        parts[1].u.mem = .init(ptr: UnsafeMutableRawPointer(mutating: key.baseAddress), size: key.count)
                        let start = value == nil ? nil : UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                        parts[2].u.mem = .init(ptr: start, size: bytes.count)
                        let error = rd_kafka_produceva(client, parts, parts.count)
                        precondition(error == nil, "it is queued")
                    }
                }
            }
        }
        while rd_kafka_outq_len(client) > 0 {
            rd_kafka_poll(client, 0)
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
