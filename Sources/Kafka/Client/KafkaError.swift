import CRdKafka

/// Why Kafka, or librdkafka, did not do something.
public struct KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `rd_kafka_resp_err_t`: negative ones are librdkafka's own, the others the protocol's.
    public let code: Int32
    /// For the log: may name hosts, never a password.
    public let description: String
    /// For everybody: without hosts.
    public let problem: String

    init(_ code: rd_kafka_resp_err_t, _ description: String? = nil, problem: String? = nil) {
        let meaning = String(cString: rd_kafka_err2str(code))
        self.code = code.rawValue
        self.description = description.map { "\($0) (\(meaning))" } ?? meaning
        self.problem = problem ?? "no connection to Kafka: \(meaning)"
    }

    static let timedOut = KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT)
    static let cancelled = KafkaError(RD_KAFKA_RESP_ERR__INTR, "the task was cancelled")
    static func missing(_ topic: String) -> KafkaError {
        let problem = "Kafka has no topic \(topic): create it"
        return KafkaError(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, problem, problem: problem)
    }

    /// The message, or the batch that it was sent in, has more bytes than the topic takes.
    var isTooLarge: Bool { code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue }
}

extension rd_kafka_resp_err_t {
    /// - Throws: Unless it is success.
    func check() throws(KafkaError) {
        guard self == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(self) }
    }
}
