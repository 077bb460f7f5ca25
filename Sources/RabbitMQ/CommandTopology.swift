import AMQP

/// The names of what commands go through.
enum CommandTopology {
    /// The exchange of commands, and its queue.
    static let commands = "khata.commands"
    /// The exchange of refused commands, and its queue.
    static let rejected = "khata.rejected"
    /// The names of queues that replies are sent to, which are made for that. Otherwise whoever may send commands could have
    /// Khata send messages to anybody. Not direct reply-to: RabbitMQ closes the connection that publishes to a forged address.
    static let replyPrefixes = ["amq.gen-", "khata.replies."]
    /// How often it is looked whether all of it is there.
    static let interval = Duration.seconds(10)
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
    func declareCommands() async throws(AMQPError) {
        do throws(AMQPError) {
            try await declare(CommandTopology.rejected, Self.rejectedArguments)
            try await declare(CommandTopology.commands, Self.commandArguments)
        } catch {
            throw error.withAdvice
        }
    }

    /// Declares them again and again, in case somebody deletes an exchange or a binding.
    /// - Throws: When that fails, or when it is cancelled.
    func keepCommandsDeclared() async throws {
        while true {
            try await Task.sleep(for: CommandTopology.interval)
            // RabbitMQ does not reply then.
            if blockedReason == nil { try await declareCommands() }
        }
    }

    /// A queue, and an exchange of the same name that sends everything there, whatever the routing key.
    private func declare(_ name: String, _ arguments: AMQPTable) async throws(AMQPError) {
        do throws(AMQPError) {
            try await declare(AMQPExchangeDeclaration(name, type: "fanout"))
            var queue = AMQPQueueDeclaration(name)
            queue.arguments = arguments
            try await declare(queue)
            try await bind(queue: name, to: name, routingKey: "")
        } catch  where error.kind == .timeout {
            throw AMQPError(.timeout, "the queue \(name): \(error.message)")
        }
    }

    /// Without a limit of deliveries: while the database takes no writes, a connection that is closed again and again counts as
    /// deliveries of all that it had. Dead letters, of commands that expire, are moved safely only from queues that do not
    /// drop messages themselves (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
    private static let commandArguments: AMQPTable = [
        "x-queue-type": "quorum", "x-single-active-consumer": true,
        "x-dead-letter-exchange": .string(CommandTopology.rejected), "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    ]

    /// Nobody has to look after this queue: a full one loses the oldest refused commands, instead of stopping those to come.
    private static let rejectedArguments: AMQPTable = [
        "x-queue-type": "quorum", "x-overflow": "drop-head", "x-max-length": 100_000,
        "x-max-length-bytes": .int(1 << 30),
    ]
}
