import AMQP

/// The names of what commands go through.
enum CommandTopology {
    /// Commands, by the id of their store.
    static let commands = "khata.commands"
    /// The exchange of refused commands, and its queue.
    static let rejected = "khata.rejected"
    /// The names of queues that replies are sent to, which are made for that. Otherwise whoever may send commands could have
    /// Khata send messages to anybody. Not direct reply-to: RabbitMQ closes the connection that publishes to a forged address.
    static let replyPrefixes = ["amq.gen-", "khata.replies."]

    static func queue(_ number: Int) -> String { "\(commands).\(number)" }
}

/// Headers of messages.
enum CommandHeader {
    /// Of a refused command: the problem, as JSON.
    static let problem = "khata-problem"
    static let code = "khata-code"
    /// Of a refused command: the user who sent it. The message itself is Khata's.
    static let user = "khata-user-id"
    /// Of a refused command whose body was too long to be kept.
    static let bodyBytes = "khata-body-bytes"
    /// Of a command that Khata sends for a principal.
    static let sender = "khata-sender"
}

extension AMQPChannel {
    /// Declares the exchanges and queues, and binds them. Does nothing that was done before.
    func declareCommands(queues: Int) async throws(AMQPError) {
        try await declare(AMQPExchangeDeclaration(CommandTopology.rejected, type: "fanout"))
        var rejected = AMQPQueueDeclaration(CommandTopology.rejected)
        rejected.arguments = ["x-queue-type": "quorum"]
        try await declare(rejected)
        try await bind(queue: CommandTopology.rejected, to: CommandTopology.rejected, routingKey: "")

        try await declare(AMQPExchangeDeclaration(CommandTopology.commands, type: "x-consistent-hash"))
        for number in 0..<queues {
            var queue = AMQPQueueDeclaration(CommandTopology.queue(number))
            queue.arguments = Self.arguments
            try await declare(queue)
            // The key of such a binding is the queue's share.
            try await bind(queue: queue.name, to: CommandTopology.commands, routingKey: "1")
        }
    }

    /// Without a limit of deliveries: while the database takes no writes, a connection that is closed again and again counts as
    /// deliveries of all that it had. Dead letters, of commands that expire, are moved safely only from queues that do not
    /// drop messages themselves (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
    private static let arguments: AMQPTable = [
        "x-queue-type": "quorum", "x-single-active-consumer": true,
        "x-dead-letter-exchange": .string(CommandTopology.rejected), "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    ]
}
