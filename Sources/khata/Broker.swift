import AMQP
import Authentication
import InventoryHTTP
import Logging
import NIOPosix
import PostgresLedger
import RabbitMQ
import ServiceLifecycle
import StockCommands

/// What takes commands from a queue, and sends them there.
struct QueuedCommands {
    let consumer: CommandConsumer<RabbitMQCommands>
    let sender: RabbitMQCommandSender
    let access: CommandQueueAccess
    let keyUses: KeyUses

    var services: [any Service] { [keyUses, consumer, sender] }
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

    /// The queue of commands on the configured RabbitMQ, if any.
    func queuedCommands(
        on servers: Servers, _ ledger: PostgresLedger, _ logger: Logger
    ) throws(SettingsError) -> QueuedCommands? {
        guard takesCommands, let client = try amqpClient(on: servers, logger),
            let sending = try amqpClient(
                on: servers, logger, confirmTimeout: RabbitMQCommandSender.confirmTimeout)
        else { return nil }
        let sender = RabbitMQCommandSender(sending)
        let keyUses = KeyUses(store: ledger, logger: logger)
        return QueuedCommands(
            consumer: CommandConsumer(
                RabbitMQCommands(client, prefetch: commandPrefetch), ledger: ledger,
                credentials: ledger, limits: CommandLimits(input: limits.input, batch: limits.batch),
                notingKeyUse: keyUses.note, logger: logger),
            sender: sender,
            access: CommandQueueAccess(sender, secret: client.configuration.secret(for: "ids of commands")),
            keyUses: keyUses)
    }
}
