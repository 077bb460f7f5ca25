import CRdKafka
public import Kafka
import Logging
import Synchronization

/// librdkafka's cluster for tests, in this process, with three brokers.
///
/// `@unchecked Sendable`: its calls are safe from any thread, and `close` is the last one.
public final class MockKafka: @unchecked Sendable {
    public enum Request: Int16 {
        case produce = 0
        case offsetCommit = 8
    }

    private let client: OpaquePointer
    private let cluster: OpaquePointer

    public static func with<T>(_ body: (MockKafka) async throws -> T) async throws -> T {
        let kafka = MockKafka()
        defer { kafka.close() }
        return try await body(kafka)
    }

    private init() {
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nil, 0),
            let cluster = rd_kafka_mock_cluster_new(client, 3)
        else { preconditionFailure("there is a cluster") }
        (self.client, self.cluster) = (client, cluster)
    }

    private func close() {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    public var servers: String { String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

    public func createTopic(_ name: String, partitions: Int32 = 1) {
        rd_kafka_mock_topic_create(cluster, name, partitions, 1)
    }

    /// The topics that Khata needs.
    public func createTopics(partitions: Int32 = 1) {
        for name in ["khata.events", "khata.commands", "khata.rejected", "khata.outcomes"] {
            createTopic(name, partitions: partitions)
        }
    }

    /// Has it say that there is no such topic.
    public func hide(_ topic: String, _ isHidden: Bool = true) {
        rd_kafka_mock_topic_set_error(
            cluster, topic, isHidden ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : RD_KAFKA_RESP_ERR_NO_ERROR)
    }

    public func stop() { for id in Int32(1)...3 { rd_kafka_mock_broker_set_down(cluster, id) } }

    public func start() { for id in Int32(1)...3 { rd_kafka_mock_broker_set_up(cluster, id) } }

    public func slow(by milliseconds: Int32) {
        for id in Int32(1)...3 { rd_kafka_mock_broker_set_rtt(cluster, id, milliseconds) }
    }

    /// Has the next requests of a kind refused.
    public func refuse(_ request: Request, times: Int, with code: Int32) {
        let errors = Array(repeating: rd_kafka_resp_err_t(code), count: times)
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, times, errors)
    }

    public func client(confirmTimeout: Duration = .seconds(30)) throws -> KafkaClient {
        KafkaClient(
            try KafkaConfiguration(servers: servers), confirmTimeout: confirmTimeout,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
