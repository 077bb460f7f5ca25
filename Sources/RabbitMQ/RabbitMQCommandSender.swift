public import AMQP
import Crypto
import Inventory
import NIOCore
public import ServiceLifecycle
public import StockCommands
import Synchronization

/// Sends commands to RabbitMQ. Runs as a service, which keeps the connection.
public final class RabbitMQCommandSender: CommandSending, Service {
    /// From a request to its response.
    public static let confirmTimeout = Duration.seconds(2)

    private let client: AMQPClient
    private let channel = Mutex<AMQPChannel?>(nil)

    /// - Parameter client: With ``confirmTimeout``.
    public init(_ client: AMQPClient) {
        self.client = client
    }

    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            try? await client.withConnection { [self] connection in
                let channel = try await connection.openChannel()
                try await channel.declareCommands()
                self.channel.withLock { $0 = channel }
                defer { self.channel.withLock { $0 = nil } }
                // A channel that was closed is noticed, too.
                try await channel.keepCommandsDeclared()
            }
        }
    }

    public func send(_ command: QueuedCommand) async throws(CommandNotConfirmed) {
        guard let channel = channel.withLock(\.self) else {
            throw CommandNotConfirmed(reason: "there is no connection to RabbitMQ")
        }
        do throws(PublishFailure) {
            try await channel.publish(command.message(from: client.configuration.user))
        } catch {
            throw CommandNotConfirmed(reason: "\(error)")
        }
    }
}

extension QueuedCommand {
    fileprivate func message(from user: String) -> AMQPMessage {
        var properties = AMQPProperties()
        properties.messageID = key
        properties.type = kind.rawValue
        properties.contentType = "application/json"
        properties.timestamp = UInt64(max(0, Timestamp.now.microseconds / 1_000_000))
        properties.userID = user
        properties.headers = [CommandHeader.sender: .string(sender.json)]
        return AMQPMessage(
            exchange: CommandTopology.commands, routingKey: "\(storeID)", properties: properties, body: body,
            isMandatory: true)
    }
}

extension AMQPConfiguration {
    /// A secret that all processes with this user of the broker share, and nobody else knows.
    public func secret(for purpose: String) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: SymmetricKey(data: Array(password.utf8))))
    }
}
