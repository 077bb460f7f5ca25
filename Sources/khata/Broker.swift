import AMQP
import Logging
import NIOPosix

extension Settings {
    /// A client of the configured RabbitMQ, if any.
    func amqpClient(on servers: Servers, _ logger: Logger) throws(SettingsError) -> AMQPClient? {
        guard let amqpURL = servers.amqpURL else { return nil }
        let configuration = try Self.amqp(amqpURL)
        do {
            return try AMQPClient(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        } catch {
            throw SettingsError("amqp.url cannot be used: \(error)")
        }
    }
}
