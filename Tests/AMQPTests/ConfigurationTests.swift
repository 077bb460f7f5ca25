import Testing

@testable import AMQP

@Suite("configuration")
struct ConfigurationTests {
    @Test(
        "reads a URL, and does not show the password",
        arguments: [
            ("amqp://h", "amqp://guest@h:5672/%2F"), ("amqp://h/", "amqp://guest@h:5672/%2F"),
            ("amqps://h", "amqps://guest@h:5671/%2F"),
            ("amqp://u:s3cret@10.0.0.1:1234/shop", "amqp://u@10.0.0.1:1234/shop"),
            ("amqp://a%40b:s3cr%2Fet@[::1]/%2f", "amqp://a@b@[::1]:5672/%2F"),
            ("amqp://u:s3cret@x@h/a%20b", "amqp://u@h:5672/a%20b"),
        ])
    func url(url: String, description: String) throws {
        let configuration = try AMQPConfiguration(url: url)
        #expect(configuration.description == description)
        #expect(!"\(configuration) \(String(reflecting: configuration))".contains("s3cret"))
    }

    @Test(
        "refuses what is none, without quoting it",
        arguments: [
            "h", "redis://h", "AMQP://h", "amqp://", "amqp:///s3cret", "amqp://:s3cret@h", "amqp://u@h", "amqp://u:@h",
            "amqp://h:0", "amqp://h:65536", "amqp://h:s3cret", "amqp://::1", "amqp://[::1", "amqp://[::1]s3cret",
            "amqp://u:s3cret%@h", "amqp://h/s3cret/x", "amqp://h/%zz", "amqp://h/%ff", "amqp://h/v?s3cret=1",
            "amqp://u:s3cret?x@h",
        ])
    func invalid(url: String) {
        let error = #expect(throws: InvalidAMQPConfiguration.self) { try AMQPConfiguration(url: url) }
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("limits are checked")
    func limits() throws {
        let changes: [(inout AMQPConfiguration) -> Void] = [
            { $0.maximumBodyBytes = 0 }, { $0.maximumUnconfirmed = 0 }, { $0.maximumWaiting = 0 },
            { $0.maximumFrameBytes = 4_095 }, { $0.maximumFrameBytes = .max }, { $0.maximumChannels = 0 },
            { $0.maximumChannels = 65_536 }, { $0.heartbeat = .milliseconds(999) }, { $0.heartbeat = .seconds(65_536) },
            { $0.connectTimeout = .zero }, { $0.requestTimeout = .zero }, { $0.confirmTimeout = .seconds(-1) },
        ]
        for change in changes {
            var configuration = try AMQPConfiguration(url: "amqp://h")
            try configuration.validate()
            change(&configuration)
            #expect(throws: InvalidAMQPConfiguration.self) { try configuration.validate() }
        }
    }
}
