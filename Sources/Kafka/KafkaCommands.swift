import Basics
import Inventory
import NIOCore
public import StockCommands
import Synchronization

/// Commands from a topic of Kafka, `khata.commands`. The instances share its partitions as members of a group; each
/// partition is a queue. The key is the store's id, so that those of a store are in one partition.
///
/// An offset is committed after everything before it is settled.
public final class KafkaCommands: CommandSource {
    private static let group = "khata"
    private static let topics = [KafkaTopic.commands, KafkaTopic.rejected, KafkaTopic.outcomes]

    private let client: KafkaClient
    private let user: String
    private let prefetch: Int
    private let consumer = Mutex<KafkaConsumer?>(nil)

    /// - Parameters:
    ///   - user: Who all commands are from. Kafka does not tell who sent a record: whoever may write to the topic is this user.
    ///   - prefetch: The maximum number of a partition's commands that are not settled.
    public init(_ client: KafkaClient, user: String, prefetch: Int) {
        self.client = client
        self.user = user
        self.prefetch = prefetch
    }

    /// One, if it is not known for lack of a connection.
    public var queues: Int { consumer.withLock { $0?.assigned ?? 1 } }

    public var problem: String? { client.problem }

    /// Whether the cluster can be reached, lets this user in, and has the topics.
    public func check() async throws(KafkaError) { try await client.check(Self.topics) }

    public func withQueues(_ body: @escaping @Sendable (KafkaCommandQueue) async throws -> Void) async throws {
        let limits = KafkaConsumer.Limits(unsettled: prefetch, valueBytes: QueuedCommand.maximumBodyBytes)
        try await client.withProducer(.independent, of: Self.topics) { [self] producer in
            try await client.withConsumer(of: KafkaTopic.commands, group: Self.group, limits) { [self] consumer in
                self.consumer.withLock { $0 = consumer }
                defer { self.consumer.withLock { $0 = nil } }
                try await consumer.run { [self] partition in
                    try await body(KafkaCommandQueue(partition, producer, user: user))
                }
            }
        }
    }
}

/// A partition of commands, and the producer of their outcomes.
public struct KafkaCommandQueue: CommandQueue {
    private let partition: KafkaPartition
    private let producer: KafkaProducer
    private let user: String

    fileprivate init(_ partition: KafkaPartition, _ producer: KafkaProducer, user: String) {
        self.partition = partition
        self.producer = producer
        self.user = user
    }

    /// They are fetched since the partition was assigned.
    public func begin() async throws {}

    public func next() async throws -> ReceivedCommand<KafkaRecord>? {
        try await partition.next().map { ReceivedCommand($0, from: user) }
    }

    public func publish(_ answers: [CommandAnswer<KafkaRecord>]) async throws {
        var tooLarge: [CommandAnswer<KafkaRecord>] = []
        for (answer, outcome) in zip(answers, try await producer.send(answers.map { $0.message() })) {
            if try Self.isTooLarge(outcome) { tooLarge.append(answer) }
        }
        // A broker may refuse a whole batch for one of them.
        for answer in tooLarge where try await Self.isTooLarge(producer.send([answer.message()])[0]) {
            // The topic does not take an outcome as long as that.
            guard case .rejection = answer.content else { continue }
            try await producer.send([answer.message(isComplete: false)])[0].get()
        }
    }

    private static func isTooLarge(_ outcome: Result<Void, KafkaError>) throws(KafkaError) -> Bool {
        guard case .failure(let error) = outcome else { return false }
        guard error.isTooLarge else { throw error }
        return true
    }

    public func settle(_ command: ReceivedCommand<KafkaRecord>) { partition.settle(command.origin) }
}

extension ReceivedCommand<KafkaRecord> {
    fileprivate init(_ record: KafkaRecord, from user: String) {
        let limit = QueuedCommand.maximumBodyBytes
        self.init(
            record, routingKey: record.key.map { String(decoding: $0, as: UTF8.self) } ?? "",
            body: record.valueBytes > limit
                ? .tooLong(bytes: UInt64(record.valueBytes), limit: limit) : .bytes(record.value ?? ByteBuffer()))
        key = record.text(of: CommandHeader.messageID)
        self.user = user
        type = record.text(of: CommandHeader.type)
        contentType = record.text(of: CommandHeader.contentType)
        sentAt = record.timestamp.flatMap { milliseconds in
            let (microseconds, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000)
            return isTooLarge ? nil : Timestamp(microseconds: microseconds)
        }
        guard let correlation = record.header(CommandHeader.correlationID) else { return }
        if correlation.isShort {
            replyTo = KafkaTopic.outcomes
        } else {
            defect = (CommandHeader.correlationID, "must have at most \(KafkaHeader.maximumShortBytes) bytes")
        }
    }
}

extension CommandAnswer<KafkaRecord> {
    /// - Parameter isComplete: Whether a rejection has the command's value and headers, and the whole problem.
    fileprivate func message(isComplete: Bool = true) -> KafkaMessage {
        let original = command.origin
        switch content {
        case .reply(let outcome):
            var message = KafkaMessage(to: KafkaTopic.outcomes, key: original.shortKey, outcome)
            message.headers = [CommandHeader.correlationID, CommandHeader.messageID]
                .compactMap(original.header).filter(\.isShort)
            message.headers.append(KafkaHeader(CommandHeader.contentType, "application/json"))
            return message
        case .rejection(let problem, let code):
            let own = [CommandHeader.code, CommandHeader.problem, CommandHeader.bodyBytes]
            var message = KafkaMessage(
                to: KafkaTopic.rejected, key: isComplete ? original.key : original.shortKey,
                isComplete ? original.value : nil)
            message.headers =
                isComplete
                ? original.headers.filter { !own.contains($0.name) }
                : [original.header(CommandHeader.messageID)].compactMap(\.self).filter(\.isShort)
            message.headers.append(KafkaHeader(CommandHeader.code, code))
            if isComplete { message.headers.append(KafkaHeader(CommandHeader.problem, problem)) }
            if message.value == nil, original.valueBytes > 0 {
                message.headers.append(KafkaHeader(CommandHeader.bodyBytes, "\(original.valueBytes)"))
            }
            return message
        }
    }
}

extension KafkaRecord {
    /// Unless it would make an answer too long: a store's id is not.
    fileprivate var shortKey: [UInt8]? { key.flatMap { $0.count <= KafkaHeader.maximumShortBytes ? $0 : nil } }
}

extension KafkaHeader {
    fileprivate static let maximumShortBytes = 255

    fileprivate var isShort: Bool { value?.count ?? 0 <= Self.maximumShortBytes }
}
