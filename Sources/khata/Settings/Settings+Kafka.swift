import Kafka

/// A Kafka, instead of a RabbitMQ.
struct KafkaSettings {
    var servers: String?
    var usesTLS = false
    var caFile: String?
    var username: String?
    var password: String?
    var mechanism = KafkaConfiguration.Mechanism.scramSHA512
    var commandsUser: String?
}

extension KafkaConfiguration.Mechanism: SettingValue {}

extension Settings {
    @SettingsBuilder
    static var kafkaCluster: [Setting] {
        Setting(
            "kafka.servers", \.kafka.servers, example: "kafka-1:9092,kafka-2:9092",
            """
            A Kafka that gets an event for every change, in the topic khata.events, instead of a RabbitMQ. Khata creates no
            topics. While it is down, events wait in the database.
            """)
        Setting("kafka.tls", \.kafka.usesTLS, "Whether to connect to it with TLS.")
        Setting(
            "kafka.ca_file", \.kafka.caFile, example: "/etc/khata/kafka-ca.pem",
            "With kafka.tls, the certificates to trust, as PEM; without it, those of the system.")
        Setting("kafka.username", \.kafka.username, example: "khata", "The user to log in as (SASL).")
        Setting(
            "kafka.password", \.kafka.password, example: "password", secret: Setting.hidden,
            "The password of that user.")
        Setting(
            "kafka.mechanism", \.kafka.mechanism, "SCRAM-SHA-512, SCRAM-SHA-256, or, with TLS only, PLAIN.")
        Setting(
            "kafka.commands_user", \.kafka.commandsUser, example: "tills",
            """
            Takes commands from the topic khata.commands, for this user of Khata, or key:<id> for an API key. Kafka does not
            tell who sent a record: whoever may write to the topic acts as this user.
            """)
    }
}

extension KafkaSettings {
    /// `nil` without servers.
    /// - Throws: `SettingsError`, also for settings that make no sense together.
    var configuration: KafkaConfiguration? {
        get throws(SettingsError) {
            guard let servers else {
                for (key, value) in [
                    ("ca_file", caFile), ("username", username), ("password", password),
                    ("commands_user", commandsUser),
                ] where value != nil {
                    throw SettingsError("kafka.\(key) is set without kafka.servers: set that, too")
                }
                return nil
            }
            guard (username == nil) == (password == nil) else {
                throw SettingsError("kafka.username and kafka.password belong together: set both or none")
            }
            do {
                var login: KafkaConfiguration.Login?
                if let username, let password {
                    login = .init(user: username, password: password, mechanism: mechanism)
                }
                return try KafkaConfiguration(servers: servers, usesTLS: usesTLS, trustRootsFile: caFile, login: login)
            } catch {
                throw SettingsError("kafka: \(error)")
            }
        }
    }
}
