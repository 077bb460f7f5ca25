import Access
import AuthenticationTesting
import Inventory
import InventoryContract
import InventoryTesting
import JSON
import LedgerTesting
import Logging
import NIOCore
import SQLiteLedger
import ServerTesting
import StockCommands
import Synchronization
import Testing

/// On a ledger in a file, from a queue in memory that delivers again what was not settled, as brokers do.
@Suite("The consumer of commands")
struct CommandConsumerTests {
    @Test("a command is settled after its outcome is durable and its answers are confirmed, and in order")
    func settlement() async throws {
        try await withShop { ledger in
            let queue = MemoryQueue(
                [.movement("in", .stockIn(5), replyTo: "r"), .movement("refused", .sale(6), replyTo: "r")]
                    + (0..<50).map { .movement("sale-\($0)", .sale(1)) })
            try await consuming(queue, ledger) { queue.settled.count == 52 }
            #expect(queue.settled == Array(0..<52))
            // The first five sales found stock.
            #expect(try await ledger.level(.sugarInOne, Freshness()).value.onHand == 0)
            #expect(queue.answersCame(beforeSettling: Array(0..<52)))
        }
    }

    @Test("a key that sends commands is noted as used, and not for each of them")
    func keyUses() async throws {
        try await withShop { ledger in
            let queue = MemoryQueue((0..<50).map { .movement("in-\($0)", .stockIn(1)) })
            let noted = Mutex<[String]>([])
            try await consuming(
                queue, ledger, notingKeyUse: { id, _ in noted.withLock { $0.append(id) } }
            ) {
                queue.settled.count == 50
            }
            let ids = noted.withLock { $0 }
            #expect(Set(ids) == [MemoryQueue.key.id] && ids.count < 50)
        }
    }

    @Test("what became of each command is observed once, also if it is delivered again before it is settled")
    func observed() async throws {
        try await withShop { ledger in
            let queue = MemoryQueue([
                .movement("in", .stockIn(5)), .movement("in", .stockIn(5)), .movement("sale", .sale(6), replyTo: "r"),
            ])
            queue.failPublishing(times: 1)
            let observed = Mutex<[SettledCommand]>([])
            try await consuming(
                queue, ledger, observing: { command in observed.withLock { $0.append(command) } }
            ) {
                queue.settled.count == 3
            }
            let settled = observed.withLock(\.self)
            #expect(settled.count == 3 && settled.last == .refused(.insufficientStock), "\(settled)")
            #expect(settled.contains(.replayed))
        }
    }

    @Test("commands are executed in the order in which they came")
    func order() async throws {
        try await withShop { ledger in
            // Each says what it has to find, so that any other order is refused.
            let queue = MemoryQueue(
                (0..<1_000).map { number in
                    var movement = Movement.stockIn(1)
                    movement.expectedOnHand = Int64(number)
                    return .movement("in-\(number)", movement)
                })
            try await consuming(queue, HesitatingLedger(ledger: ledger), ledger) { queue.settled.count == 1_000 }
            #expect(queue.published == 0)
            #expect(try await ledger.level(.sugarInOne, Freshness()).value.onHand == 1_000)
        }
    }

    @Test("refused commands are counted by code, in a line of the log for many, which no client can forge")
    func refused() async throws {
        try await withShop { ledger in
            let log = CollectedLog()
            var forged = ReceivedCommand<Int>.movement("a\nb", .sale(1))
            forged.user = "nobody\nelse"
            var async = ReceivedCommand<Int>.movement("async", .sale(1))
            let principal = Principal(id: "user:web", role: .clerk, scope: .all)
            async.sender = CommandSender(principal, requestID: "r", fingerprint: [])
            let queue = MemoryQueue([.movement("sale-1", .sale(1)), .movement("sale-2", .sale(1)), forged, async])
            try await consuming(queue, ledger, logger: log.logger) {
                queue.settled.count == 4
            } then: { health in
                #expect(health[1].name == "commands:refused" && health[1].status == .pass && health[1].observed == 4)
                #expect(health[1].output == "insufficient-stock 3, unauthenticated 1")
            }
            let lines = log.text.split(separator: "\n").filter { $0.contains("commands were refused") }
            let first = try #require(lines.first)
            for text in ["notice", #""codes": insufficient-stock"#, #""first_key": sale-1"#, #""first_store": 1"#] {
                #expect(first.contains(text), "\(first)")
            }
            #expect(first.contains(#""first_user": key:\#(MemoryQueue.key.id)"#))
            #expect(!log.text.contains("nobody") && !log.text.contains("a\nb"))
            // The client of the API asks there.
            #expect(queue.events.filter { $0.hasPrefix("answered") } == ["answered 0", "answered 1", "answered 2"])
        }
    }

    @Test("without a confirm of its answer, a command is not settled, and answered again when it is delivered again")
    func unconfirmed() async throws {
        try await withShop { ledger in
            let queue = MemoryQueue([.movement("in", .stockIn(5), replyTo: "r"), .movement("next", .stockIn(1))])
            queue.failPublishing(times: 3)
            try await consuming(queue, ledger) { queue.settled.count == 2 }
            #expect(queue.connections == 4)
            #expect(try await ledger.level(.sugarInOne, Freshness()).value.onHand == 6)
        }
    }

    @Test("when the ledger fails, nothing behind the command is executed or settled; then all is, in order")
    func ledgerFails() async throws {
        try await withShop { ledger in
            let failing = FailingLedger(ledger, errors: [5: .unavailable, 9: .overloaded, 13: .outcomeUnknown])
            // Each says what it has to find, so that any other order is refused.
            let queue = MemoryQueue(
                (0..<20).map { number in
                    var movement = Movement.stockIn(1)
                    movement.expectedOnHand = Int64(number)
                    return .movement("in-\(number)", movement)
                })
            try await consuming(queue, failing, ledger) { queue.settled.count == 20 }
            #expect(queue.connections == 4)
            #expect(queue.published == 0)
            #expect(try await ledger.level(.sugarInOne, Freshness()).value.onHand == 20)
        }
    }

    @Test("on shutdown, what was taken is finished and settled, and no more is taken")
    func shutdown() async throws {
        try await withShop { ledger in
            let queue = MemoryQueue((0..<2_000).map { .movement("in-\($0)", .stockIn(1)) })
            try await consuming(queue, ledger) { queue.settled.count > 10 }
            let taken = queue.taken
            #expect(taken < 2_000)
            #expect(queue.settled == Array(0..<taken))
            #expect(try await ledger.level(.sugarInOne, Freshness()).value.onHand == Int64(taken))
        }
    }

    private func withShop(_ body: @Sendable (SQLiteLedger) async throws -> Void) async throws {
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                _ = try await ledger.change(.createStore(.one, name: "Store"), .testing)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), .testing)
                let key = NewAPIKey(MemoryQueue.key, name: "till", grant: Grant(role: .clerk))
                _ = try await ledger.addAPIKey(key)
                try await body(ledger)
            }
        }
    }

    /// Runs a consumer until something is so, and stops it in order.
    private func consuming(
        _ queue: MemoryQueue, _ ledger: any OrderedWriting, _ credentials: (any CredentialStoring)? = nil,
        notingKeyUse noteKeyUse: @escaping @Sendable (String, Timestamp) -> Void = { _, _ in },
        observing observe: @escaping @Sendable (SettledCommand) -> Void = { _ in },
        logger: Logger = TestDatabase.quiet, until condition: @Sendable () -> Bool,
        then check: @Sendable ([ComponentHealth]) -> Void = { _ in }
    ) async throws {
        let consumer = CommandConsumer(
            MemorySource(queue: queue), ledger: ledger,
            credentials: credentials ?? (ledger as? any CredentialStoring)!,
            limits: CommandLimits(input: InputLimits(), batch: 10), notingKeyUse: noteKeyUse,
            observing: observe, logger: logger)
        try await running([consumer]) {
            try await eventually { condition() }
            check(consumer.health())
        }
    }
}

/// A ledger that fails for some commands, by their order of arrival, once each.
private final class FailingLedger: OrderedWriting {
    private let ledger: any OrderedWriting
    private let state: Mutex<(count: Int, errors: [Int: LedgerError])>

    init(_ ledger: any OrderedWriting, errors: [Int: LedgerError]) {
        self.ledger = ledger
        state = Mutex((0, errors))
    }

    func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence, completion: @escaping CommandCompletion
    ) async {
        // Not the question whether the ledger responds.
        let error =
            command.context.recordsRefusals
            ? state.withLock { state -> LedgerError? in
                state.count += 1
                return state.errors.removeValue(forKey: state.count)
            } : nil
        guard let error else { return await ledger.enqueue(command, in: sequence, completion: completion) }
        sequence.abandon()
        completion(.failure(error))
    }
}

/// A ledger that takes some commands later than they are given to it.
private struct HesitatingLedger: OrderedWriting {
    let ledger: any OrderedWriting

    func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence, completion: @escaping CommandCompletion
    ) async {
        if command.context.requestID.hasSuffix("5") {
            for _ in 0..<50 { await Task.yield() }
        }
        await ledger.enqueue(command, in: sequence, completion: completion)
    }
}

private struct MemorySource: CommandSource {
    let queue: MemoryQueue
    var queues: Int { 1 }

    var problem: String? { nil }

    func withQueues(_ body: @escaping @Sendable (MemoryQueue.Connection) async throws -> Void) async throws {
        while true {
            do {
                return try await body(queue.connect())
            } catch {
                try Task.checkCancellation()
            }
        }
    }
}

/// A queue that delivers from the first command that was not settled.
private final class MemoryQueue: Sendable {
    private struct State {
        var settled: [Int] = []
        var taken = 0
        var connections = 0
        var published = 0
        var failures = 0
        var events: [String] = []
    }

    static let key = APIKey.generate()

    private let commands: [ReceivedCommand<Int>]
    private let state = Mutex(State())

    init(_ commands: [ReceivedCommand<Int>]) {
        self.commands = commands.enumerated().map { $1.numbered($0) }
    }

    var settled: [Int] { state.withLock { $0.settled } }
    var taken: Int { state.withLock { $0.taken } }
    var connections: Int { state.withLock { $0.connections } }
    var published: Int { state.withLock { $0.published } }
    var events: [String] { state.withLock { $0.events } }

    func failPublishing(times: Int) { state.withLock { $0.failures = times } }

    /// Whether each of these commands that has answers was settled after all of them.
    func answersCame(beforeSettling numbers: [Int]) -> Bool {
        let events = events
        return numbers.allSatisfy { number in
            guard let settled = events.firstIndex(of: "settled \(number)") else { return false }
            return !events[settled...].contains("answered \(number)")
        }
    }

    func connect() -> Connection {
        state.withLock { $0.connections += 1 }
        return Connection(queue: self)
    }

    final class Connection: CommandQueue {
        private let queue: MemoryQueue
        private let next: Mutex<Int>

        init(queue: MemoryQueue) {
            self.queue = queue
            next = Mutex(queue.settled.count)
        }

        func begin() async throws {}

        func next() async throws -> ReceivedCommand<Int>? {
            let number = next.withLock { number in
                number += 1
                return number - 1
            }
            // No more than are allowed without being settled.
            while number >= min(queue.commands.count, queue.settled.count + 50) {
                guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { return nil }
            }
            queue.state.withLock { $0.taken = max($0.taken, number + 1) }
            return queue.commands[number]
        }

        func publish(_ answers: [CommandAnswer<Int>]) async throws {
            try queue.state.withLock { state in
                if state.failures > 0 {
                    state.failures -= 1
                    throw NotConfirmed()
                }
                state.published += answers.count
                state.events += answers.map { "answered \($0.command.origin)" }
            }
        }

        func settle(_ command: ReceivedCommand<Int>) {
            queue.state.withLock { state in
                state.settled.append(command.origin)
                state.events.append("settled \(command.origin)")
            }
        }
    }

    private struct NotConfirmed: Error {}
}

extension ReceivedCommand<Int> {
    fileprivate static func movement(_ key: String, _ movement: Movement, replyTo: String? = nil) -> Self {
        var command = ReceivedCommand(
            0, routingKey: "\(movement.storeID)",
            body: .bytes(ByteBuffer(string: String(json: { $0.value(movement) }))))
        command.key = key
        command.user = "key:\(MemoryQueue.key.id)"
        command.contentType = "application/json"
        command.sentAt = .now
        command.replyTo = replyTo
        return command
    }

    fileprivate func numbered(_ number: Int) -> Self {
        var command = ReceivedCommand(number, routingKey: routingKey, body: body)
        (command.key, command.user, command.contentType, command.sentAt, command.replyTo, command.sender) =
            (key, user, contentType, sentAt, replyTo, sender)
        return command
    }
}
