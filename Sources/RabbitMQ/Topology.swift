import AMQP
import Basics
import NIOCore

/// The names of what Khata declares on a broker.
enum Topology {
    /// Of events, for everybody who binds a queue.
    static let events = "khata.events"
}

extension AMQPExchangeDeclaration {
    static var events: AMQPExchangeDeclaration { AMQPExchangeDeclaration(Topology.events, type: "topic") }
}

extension AMQPClient {
    /// Lends a connection.
    func checking(_ body: (AMQPConnection) async throws(AMQPError) -> Void) async throws(AMQPError) {
        let connection = try await connect()
        let result = await Result.of { () async throws(AMQPError) in try await body(connection) }
        await connection.close()
        try result.get()
    }
}

extension AMQPConnection {
    /// - Throws: Unless this user may publish to an exchange. (Publishes a message whose expiration is not a number, which
    ///   RabbitMQ refuses after it has looked at that.)
    func requirePublishing(to exchange: String) async throws(AMQPError) {
        var message = AMQPMessage(exchange: exchange, routingKey: "khata.check", body: ByteBuffer())
        message.properties.expiration = "check"
        let channel = try await openChannel()
        do throws(PublishFailure) {
            try await channel.publish(message)
        } catch {
            switch error {
            case .outcomeUnknown(let error), .notSent(let error):
                if error.kind != .server(code: AMQPError.preconditionFailed) { throw error.withAdvice }
            case .rejected, .returned: break
            }
        }
    }
}

extension AMQPError {
    fileprivate static let accessRefused: UInt16 = 403
    fileprivate static let preconditionFailed: UInt16 = 406

    /// Of a declaration, or a publication: says what an operator can do about it.
    var withAdvice: AMQPError {
        let advice =
            switch kind {
            case .server(Self.accessRefused):
                "Let this user configure and read ^khata\\., and write ^(khata\\.|amq\\.default$)"
            case .server(Self.preconditionFailed):
                "It was not declared by this version of Khata: delete it when no messages are left in it"
            default: ""
            }
        return advice.isEmpty ? self : AMQPError(kind, "\(message). \(advice).")
    }
}
