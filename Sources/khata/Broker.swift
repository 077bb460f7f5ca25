import AMQP
import Access
import Authentication
import Inventory
import InventoryHTTP
import Kafka
import Logging
import NIOPosix
import PostgresLedger
import RabbitMQ
import ServiceLifecycle
import StockCommands
import StockEvents

/// What takes commands from a queue, and sends them there.
struct QueuedCommands {
    let services: [any Service]
    let health: @Sendable () -> [ComponentHealth]
    /// To RabbitMQ only.
    var access: CommandQueueAccess?
}

extension Settings {
    /// A client of the configured RabbitMQ, if any.
    func amqpClient(
        on servers: Servers, _ logger: Logger, confirmTimeout: Duration? = nil
    ) throws(SettingsError) -> AMQPClient? {
        guard let amqpURL = servers.amqpURL else { return nil }
        var configuration = try Self.amqp(amqpURL)
        if let confirmTimeout { configuration.confirmTimeout = confirmTimeout }
        // One that hangs is noticed within twice that.
        configuration.heartbeat = .seconds(10)
        do {
            return try AMQPClient(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        } catch {
            throw SettingsError("amqp.url cannot be used: \(error)")
        }
    }

    /// Where events are published, if anywhere.
    func eventSink(on servers: Servers, _ logger: Logger) throws(SettingsError) -> (any EventSink)? {
        if let kafka = servers.kafka { return KafkaEvents(KafkaClient(kafka, logger: logger)) }
        return try amqpClient(on: servers, logger).map(RabbitMQEvents.init)
    }

    /// The configured queue of commands, if any.
    func queuedCommands(
        on servers: Servers, _ ledger: PostgresLedger, _ metrics: EventMetrics, _ logger: Logger
    ) throws(SettingsError) -> QueuedCommands? {
        let keyUses = KeyUses(store: ledger, logger: logger)
        if let source = kafkaCommands(on: servers, logger) {
            let consumer = consumer(of: source, ledger, keyUses, metrics, logger)
            return QueuedCommands(services: [keyUses, consumer], health: consumer.health)
        }
        guard takesCommands, let client = try amqpClient(on: servers, logger),
            let sending = try amqpClient(
                on: servers, logger, confirmTimeout: RabbitMQCommandSender.confirmTimeout)
        else { return nil }
        let sender = RabbitMQCommandSender(sending)
        let consumer = consumer(
            of: RabbitMQCommands(client, prefetch: commandPrefetch), ledger, keyUses, metrics, logger)
        return QueuedCommands(
            services: [keyUses, consumer, sender], health: consumer.health,
            access: CommandQueueAccess(sender, secret: client.configuration.secret(for: "ids of commands")))
    }

    private func consumer<Source>(
        of source: Source, _ ledger: PostgresLedger, _ keyUses: KeyUses, _ metrics: EventMetrics, _ logger: Logger
    ) -> CommandConsumer<Source> {
        CommandConsumer(
            source, ledger: ledger, credentials: ledger,
            limits: CommandLimits(input: limits.input, batch: limits.batch), notingKeyUse: keyUses.note,
            observing: metrics.observe, logger: logger)
    }

    /// The topic of commands on the configured Kafka, if any are taken from it.
    func kafkaCommands(on servers: Servers, _ logger: Logger) -> KafkaCommands? {
        guard let configuration = servers.kafka, let user = kafka.commandsUser else { return nil }
        return KafkaCommands(KafkaClient(configuration, logger: logger), user: user, prefetch: commandPrefetch)
    }

    /// - Throws: Unless whoever the commands of Kafka are from exists: all of them would be refused.
    func checkCommandsUser(in ledger: some CredentialStoring) async throws {
        guard let user = kafka.commandsUser else { return }
        let exists =
            if user.hasPrefix("key:") {
                try await ledger.apiKey(String(user.dropFirst(4))) != nil
            } else if let name = UserName(user) {
                try await ledger.user(name) != nil
            } else { false }
        guard exists else {
            throw SettingsError(
                "kafka.commands_user is \"\(user)\", and there is no such user: it has to be a name from `khata user list`, or "
                    + "key:<id> with an id from `khata key list`")
        }
    }
}
