public import AMQP
import Inventory
import NIOCore
public import StockCommands
import Synchronization

/// Commands from RabbitMQ: one quorum queue with a single active consumer, so that they stay in order however many processes
/// consume them.
///
/// Never cancels a consumer, which would let the next one begin before what this one has is settled or returned
/// (https://github.com/rabbitmq/rabbitmq-server/issues/3729): it closes the connection.
public struct RabbitMQCommands: CommandSource {
    public let queues = 1
    private let client: AMQPClient
    private let prefetch: Int

    /// - Parameter prefetch: The maximum number of commands that are not settled.
    public init(_ client: AMQPClient, prefetch: Int) {
        self.client = client
        self.prefetch = prefetch
    }

    /// Whether the broker can be reached, and lets this user do all that commands take.
    public func check() async throws(AMQPError) {
        try await client.checking { connection throws(AMQPError) in
            try await connection.openChannel().declareCommands()
            for exchange in [CommandTopology.commands, CommandTopology.rejected, ""] {
                try await connection.requirePublishing(to: exchange)
            }
        }
    }

    public var problem: String? { nil }

    public func withQueues(_ body: @escaping @Sendable (RabbitMQCommandQueue) async throws -> Void) async throws {
        try await client.withConnection { [self] connection in
            let channel = try await connection.openChannel()
            try await channel.declareCommands()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await body(
                        RabbitMQCommandQueue(channel, prefetch: prefetch, configuration: client.configuration))
                }
                group.addTask { try await channel.keepCommandsDeclared() }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}

/// A channel that consumes a queue of commands, and publishes their outcomes.
public final class RabbitMQCommandQueue: CommandQueue {
    private let channel: AMQPChannel
    private let prefetch: Int
    private let configuration: AMQPConfiguration
    private let consumer = Mutex<AMQPConsumer?>(nil)

    fileprivate init(_ channel: AMQPChannel, prefetch: Int, configuration: AMQPConfiguration) {
        self.channel = channel
        self.prefetch = prefetch
        self.configuration = configuration
    }

    public func begin() async throws {
        let consumer = try await channel.consume(CommandTopology.commands, prefetch: prefetch)
        self.consumer.withLock { $0 = consumer }
    }

    public func next() async throws -> ReceivedCommand<AMQPDelivery>? {
        var deliveries = consumer.withLock(\.self)?.makeAsyncIterator()
        return try await deliveries?.next().map { ReceivedCommand($0, configuration) }
    }

    public func settle(_ command: ReceivedCommand<AMQPDelivery>) {
        consumer.withLock(\.self)?.settle(command.origin.tag)
    }

    public func publish(_ answers: [CommandAnswer<AMQPDelivery>]) async throws {
        var unsendable: [CommandAnswer<AMQPDelivery>] = []
        for (answer, outcome) in zip(answers, await channel.publish(answers.map { $0.message() })) {
            do throws(PublishFailure) {
                try outcome.get()
            } catch {
                switch error {
                // The queue for replies, or that of refused commands by an operator's policy, is full: no reason to stop.
                case .rejected: break
                // The reply cannot have this id.
                case .notSent(let error) where answer.isReply && error.kind == .invalidArgument: break
                // Its headers are too large for a frame, or a property is not text.
                case .notSent(let error) where error.kind == .invalidArgument: unsendable.append(answer)
                case .notSent, .outcomeUnknown, .returned: throw error
                }
            }
        }
        for outcome in await channel.publish(unsendable.map { $0.message(isComplete: false) }) { try outcome.get() }
    }
}

extension ReceivedCommand<AMQPDelivery> {
    fileprivate init(_ delivery: AMQPDelivery, _ configuration: AMQPConfiguration) {
        let body: Body =
            switch delivery.body {
            case .bytes(let bytes): .bytes(bytes)
            case .tooLarge(let bytes): .tooLong(bytes: bytes, limit: configuration.maximumBodyBytes)
            }
        self.init(delivery, routingKey: delivery.routingKey, body: body)
        let properties = delivery.properties
        key = properties.messageID
        user = properties.userID
        type = properties.type
        contentType = properties.contentType
        sentAt = properties.timestamp.flatMap { Int64(exactly: $0) }.flatMap { seconds in
            let (microseconds, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
            return isTooLarge ? nil : Timestamp(microseconds: microseconds)
        }
        replyTo = properties.replyTo
        if let replyTo, !CommandTopology.replyPrefixes.contains(where: replyTo.hasPrefix) {
            let names = CommandTopology.replyPrefixes.map { "\($0)*" }.joined(separator: ", ")
            defect = ("reply_to", "must be one of \(names)")
            self.replyTo = nil
        }
        // Only this service has this user, as the broker has checked.
        if properties.userID == configuration.user,
            case .string(let json)? = try? properties.headers?.values()[CommandHeader.sender]
        {
            sender = try? CommandSender(json: json)
        }
    }
}

extension AMQPProperties {
    /// What is not UTF-8 was repaired, and may be too long since.
    fileprivate var encodableMessageID: String? { messageID.flatMap { $0.utf8.count <= 255 ? $0 : nil } }
}

extension CommandAnswer<AMQPDelivery> {
    fileprivate var isReply: Bool { if case .reply = content { true } else { false } }

    /// - Parameter isComplete: Whether a rejection has the command's properties, and the whole problem.
    fileprivate func message(isComplete: Bool = true) -> AMQPMessage {
        let original = command.origin.properties
        var properties = AMQPProperties()
        switch content {
        case .reply(let outcome):
            properties.contentType = "application/json"
            properties.correlationID = original.correlationID ?? original.messageID
            return AMQPMessage(
                exchange: "", routingKey: command.replyTo ?? "", properties: properties, body: outcome)
        case .rejection(let problem, let code):
            if isComplete { properties = original } else { properties.messageID = original.encodableMessageID }
            // The message is Khata's now, and stays until somebody looks at it.
            (properties.userID, properties.replyTo, properties.expiration) = (nil, nil, nil)
            properties.isPersistent = true
            var headers = (try? properties.headers?.values()) ?? [:]
            if isComplete { headers[CommandHeader.problem] = .string(problem) }
            headers[CommandHeader.code] = .string(code)
            headers[CommandHeader.user] = command.user.map { .string($0) }
            var body = ByteBuffer()
            switch command.origin.body {
            case .bytes(let bytes): body = bytes
            case .tooLarge(let bytes): headers[CommandHeader.bodyBytes] = .int(Int64(clamping: bytes))
            }
            properties.headers = AMQPTable(headers)
            return AMQPMessage(
                exchange: CommandTopology.rejected, routingKey: isComplete ? command.routingKey : "",
                properties: properties, body: body)
        }
    }
}
