import InventoryTesting
import Synchronization
import Testing

@testable import Inventory

@Suite("Group commit")
struct GroupCommitterTests {
    @Test("what one caller enqueues is committed in that order, many to a transaction, and each is answered once")
    func order() async throws {
        let batches = LevelInMemory(onHand: 0)
        let answers = Mutex<[Int: [Int64]]>([:])
        try await batches.run { committer in
            for number in 0..<1_000 {
                // Every second one takes what the one before brought.
                let movement = number.isMultiple(of: 2) ? Movement.stockIn(1) : .sale(1)
                committer.enqueue(movement.command()) { answer in
                    let position = (try? answer.get().movementReceipt().value.position.rawValue) ?? -1
                    answers.withLock { $0[number, default: []].append(position) }
                }
            }
        }
        #expect(answers.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<1_000).map { ($0, [Int64($0) + 8]) }))
        #expect(batches.transactions < 1_000)
        #expect(batches.onHand == 0)
    }

    @Test("the command that is to blame for a rejected batch fails alone")
    func poisoned() async throws {
        let batches = LevelInMemory(onHand: 0, rejecting: 13)
        let failed = Mutex<[Int64]>([])
        try await batches.run { committer in
            for units in Int64(1)...50 {
                committer.enqueue(Movement.stockIn(units).command()) { answer in
                    if case .failure(.internalFailure) = answer { failed.withLock { $0.append(units) } }
                }
            }
        }
        #expect(failed.withLock { $0 } == [13])
        #expect(batches.onHand == (1...50).reduce(0, +) - 13)
        #expect(batches.rejections == 1)
    }

    @Test(
        "once a command of a sequence has failed, none behind it is committed; others are",
        arguments: [WriteLimits(), .oneAtATime])
    func brokenSequence(limits: WriteLimits) async throws {
        let batches = LevelInMemory(onHand: 0, failing: 13)
        let results = Mutex<[Int64: String]>([:])
        try await batches.run(limits) { committer in
            let sequence = CommandSequence()
            for units in Int64(1)...50 {
                committer.enqueue(Movement.stockIn(units).command(), in: sequence) { result in
                    let text = if case .failure(let error) = result { "\(error)" } else { "committed" }
                    results.withLock { $0[units] = text }
                }
            }
            while results.withLock({ $0.count }) < 50 { await Task.yield() }
            #expect(sequence.isBroken)
            committer.enqueue(Movement.stockIn(1_000).command(), in: sequence) { _ in }
            _ = try await committer.submit(Movement.stockIn(100).command())
        }
        let committed = results.withLock { $0.filter { $0.value == "committed" }.keys.sorted() }
        // The first ones, up to the batch of the one that failed.
        #expect(committed == Array(1..<Int64(committed.count + 1)) && committed.count < 13)
        #expect(batches.onHand == committed.reduce(100, +))
        #expect(results.withLock { $0.values.count { $0 == "unavailable" } } == 50 - committed.count)
    }

    @Test("one that finds the queue full breaks its sequence, too")
    func fullQueue() async throws {
        var limits = WriteLimits()
        limits.linesWaiting = 1
        let committer = GroupCommitter(LevelInMemory(onHand: 0), limits)
        let sequence = CommandSequence()
        committer.enqueue(Movement.stockIn(1).command()) { _ in }
        committer.enqueue(Movement.stockIn(1).command(), in: sequence) { result in
            if case .failure(.overloaded) = result { return }
            Issue.record("\(result)")
        }
        #expect(sequence.isBroken)
        committer.close()
        await committer.run()
    }

    @Test("a command of several stores is committed behind those of one store, and before the next of them")
    func lanes() async {
        let sequence = CommandSequence()
        let order = Mutex<[String]>([])
        let first = await sequence.begin(concerningSeveralStores: false) { _ in order.withLock { $0.append("one") } }
        let other = await sequence.begin(concerningSeveralStores: false) { _ in order.withLock { $0.append("other") } }
        async let several = sequence.begin(concerningSeveralStores: true) { _ in }
        other(.failure(.overloaded))
        #expect(order.withLock { $0 } == ["other"])
        first(.failure(.overloaded))
        _ = await several
        #expect(order.withLock { $0 } == ["other", "one"])
    }

    @Test("nobody is answered before the commit is published, and the next batch does not wait for that")
    func published() async throws {
        let batches = LevelInMemory(onHand: 0)
        let isAnswered = Mutex(false)
        try await batches.run { committer in
            batches.holdPublishing()
            committer.enqueue(Movement.stockIn(1).command()) { _ in isAnswered.withLock { $0 = true } }
            while batches.onHand < 1 { await Task.yield() }
            committer.enqueue(Movement.stockIn(1).command()) { _ in }
            while batches.onHand < 2 { await Task.yield() }
            #expect(isAnswered.withLock { $0 } == false)
            batches.goOnPublishing()
        }
        #expect(isAnswered.withLock { $0 })
    }

    @Test("a closed committer carries out what it has, and refuses the rest")
    func closed() async throws {
        let committer = GroupCommitter(LevelInMemory(onHand: 0), WriteLimits())
        async let first = committer.submit(Movement.stockIn(1).command())
        async let running: Void = committer.run()
        #expect(try await first.movementReceipt().value.onHand == 1)
        committer.close()
        await running
        await #expect(throws: LedgerError.self) { try await committer.submit(Movement.stockIn(1).command()) }
    }
}

/// A ledger of one store, as far as commits go.
private final class LevelInMemory: BatchCommitting {
    private struct State {
        var ledger: LockedState
        var transactions = 0
        var rejections = 0
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private struct Rejection: Error {}

    private let rejected: Int64?
    private let failing: Int64?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - rejecting: The quantity that this ledger cannot hold.
    ///   - failing: The quantity that it loses its database over.
    init(onHand: Int64, rejecting rejected: Int64? = nil, failing: Int64? = nil) {
        self.rejected = rejected
        self.failing = failing
        state = Mutex(State(ledger: .testing(onHand: onHand)))
    }

    var onHand: Int64 { state.withLock { $0.ledger.onHand[LevelKey(.one, .sugar)] ?? 0 } }
    var transactions: Int { state.withLock { $0.transactions } }
    var rejections: Int { state.withLock { $0.rejections } }

    /// Runs a committer until `body` has returned and everything is answered.
    func run(
        _ limits: WriteLimits = WriteLimits(), _ body: (GroupCommitter<LevelInMemory>) async throws -> Void
    ) async throws {
        let committer = GroupCommitter(self, limits)
        async let running: Void = committer.run()
        try await body(committer)
        committer.close()
        await running
    }

    func holdPublishing() { state.withLock { $0.isHeld = true } }

    func goOnPublishing() {
        let held = state.withLock { state in
            defer { (state.isHeld, state.held) = (false, []) }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func commit(_ commands: [MovementCommand]) async throws(BatchFailure) -> (Decision, Void) {
        let decision = state.withLock { state -> Result<Decision, BatchFailure> in
            let decision = decide(commands, on: state.ledger)
            if let failing, decision.entries.contains(where: { $0.quantity == failing }) {
                return .failure(.failed(.unavailable))
            }
            if let rejected, decision.entries.contains(where: { $0.quantity == rejected }) {
                return .failure(.rejected(Rejection()))
            }
            state.transactions += 1
            state.ledger.heads.merge(decision.heads) { $1 }
            state.ledger.onHand.merge(decision.lastEntries.mapValues(\.onHandAfter)) { $1 }
            return .success(decision)
        }
        return (try decision.get(), ())
    }

    func invalidateCache(for decision: Decision, _ commit: Void) async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
    }

    func observe(_ event: CommitEvent) {
        if case .rejected = event { state.withLock { $0.rejections += 1 } }
    }
}

extension WriteLimits {
    fileprivate static var oneAtATime: WriteLimits {
        var limits = WriteLimits()
        limits.commandsPerTransaction = 1
        return limits
    }
}
