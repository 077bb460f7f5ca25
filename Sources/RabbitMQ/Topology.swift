import AMQP

/// The names of what Khata declares on a broker.
enum Topology {
    /// Of events, for everybody who binds a queue.
    static let events = "khata.events"
}

extension AMQPExchangeDeclaration {
    static var events: AMQPExchangeDeclaration { AMQPExchangeDeclaration(Topology.events, type: "topic") }
}
