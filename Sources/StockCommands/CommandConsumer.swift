public import Access
public import Inventory
import InventoryContract
public import Logging
public import ServiceLifecycle
import Synchronization

/// Executes the commands of a source: those of a store in the order in which they were sent, each once.
///
/// A command is settled when its outcome is durable, and the broker has confirmed what is published of it: the reply, if
/// one was asked for, and the rejection, if it was refused. Whatever happens before that, the command is delivered again, and
/// the record of its key repeats the outcome.
///
/// When the ledger fails, nothing behind the failed command is executed: the connection to the queue is closed, and the
/// broker delivers again from the first command that was not settled, once the ledger responds.
///
/// Commands are enqueued by one task for each queue, and settled by another; there is none for each command. On graceful
/// shutdown no more are taken, and those that were are settled.
public struct CommandConsumer<Source: CommandSource>: Service {
    private let source: Source
    private let ledger: any OrderedWriting
    private let reader: CommandReader
    private let observe: @Sendable (SettledCommand) -> Void
    private let logger: Logger
    private let status = CommandStatus()

    /// - Parameters:
    ///   - noteKeyUse: Receives the id of each API key that sends commands, at least once in some seconds.
    ///   - observe: Receives what became of each command. Must not wait for anything.
    public init(
        _ source: Source, ledger: any OrderedWriting, credentials: any CredentialStoring, limits: CommandLimits,
        notingKeyUse noteKeyUse: @escaping @Sendable (String, Timestamp) -> Void = { _, _ in },
        observing observe: @escaping @Sendable (SettledCommand) -> Void = { _ in }, logger: Logger
    ) {
        self.source = source
        self.ledger = ledger
        self.observe = observe
        reader = CommandReader(users: BrokerUsers(credentials, notingUse: noteKeyUse), limits: limits)
        self.logger = logger
    }

    public func health() -> [ComponentHealth] { status.health(of: source.queues, problem: source.problem) }

    public func run() async {
        let shutdown = ShutdownSwitch()
        let consuming = Task {
            do {
                try await source.withQueues { queue in
                    do {
                        try await consume(queue, shutdown)
                    } catch {
                        status.fail()
                        logger.warning(
                            "commands are not executed: the queue delivers them again",
                            metadata: ["error": "\(error)"])
                        throw error
                    }
                }
            } catch {
                // Cancelled, or it was asked to stop.
            }
        }
        shutdown.otherwise { consuming.cancel() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await consuming.value
        } onCancelOrGracefulShutdown: {
            shutdown.begin()
        }
    }

    private func consume(_ queue: Source.Queue, _ shutdown: ShutdownSwitch) async throws {
        // Commands that are delivered and not settled come nearer to the broker's limit of deliveries.
        _ = try await ledger.execute(.replay(of: Self.probe))
        try await queue.begin()
        status.begin()
        defer { status.end() }
        let sequence = CommandSequence()
        let unsettled = UnsettledCommands<Source.Queue.Origin>()
        let taking = Task { try await take(from: queue, to: unsettled, in: sequence) }
        let action = shutdown.add { taking.cancel() }
        defer {
            shutdown.remove(action)
            taking.cancel()
            sequence.abandon()
        }
        try await withTaskCancellationHandler {
            try await settle(unsettled, queue)
            try await taking.value
        } onCancel: {
            taking.cancel()
        }
    }

    /// A key that nobody has.
    private static var probe: IdempotencyKey { IdempotencyKey(principal: "", key: "probe", fingerprint: []) }

    /// Until it is cancelled, or the connection lost.
    private func take(
        from queue: Source.Queue, to unsettled: UnsettledCommands<Source.Queue.Origin>, in sequence: CommandSequence
    ) async throws {
        defer { unsettled.close() }
        while !Task.isCancelled, !sequence.isBroken, let received = try await queue.next() {
            switch try await reader.read(received) {
            case .success(let command):
                let number = unsettled.append(received)
                await ledger.enqueue(command, in: sequence) { unsettled.finish(number, .ledger($0)) }
            case .failure(let problem):
                unsettled.finish(unsettled.append(received), .unrecorded(problem))
            }
        }
    }

    /// Settles what is finished, in order, until there is no more.
    /// - Throws: The ledger's error, if it failed.
    private func settle(_ unsettled: UnsettledCommands<Source.Queue.Origin>, _ queue: Source.Queue) async throws {
        while case let finished = await unsettled.next(), !finished.isEmpty {
            var failure: LedgerError?
            var done: [(ReceivedCommand<Source.Queue.Origin>, SettledCommand)] = []
            var answers: [CommandAnswer<Source.Queue.Origin>] = []
            var refused = RefusedCommands()
            for (command, result) in finished {
                do throws(LedgerError) {
                    let outcome = try await outcome(of: command, result)
                    answers += outcome.answers(to: command)
                    if let problem = outcome.rejection { refused.add(command, problem) }
                    done.append((command, SettledCommand(outcome)))
                } catch {
                    failure = error
                    break
                }
            }
            if !answers.isEmpty { try await queue.publish(answers) }
            for (command, outcome) in done {
                queue.settle(command)
                observe(outcome)
            }
            if let metadata = refused.metadata { logger.notice("commands were refused", metadata: metadata) }
            status.add(refused)
            if let failure { throw failure }
        }
    }

    /// - Throws: If the command has to be delivered again.
    private func outcome(
        of command: ReceivedCommand<Source.Queue.Origin>, _ result: CommandResult
    ) async throws(LedgerError) -> CommandOutcome {
        switch result {
        case .unrecorded(let problem):
            return .failure(problem)
        case .ledger(.success(let receipt)):
            return .success(receipt)
        case .ledger(.failure(.refused(let refusal))):
            return .failure(Problem(refusal))
        case .ledger(.failure(.internalFailure)):
            return try await recordFailure(of: command)
        case .ledger(.failure(let error)):
            throw error
        }
    }

    /// The database rejects this command, and would again. That it was refused is recorded, so that it still is once the
    /// cause is mended.
    private func recordFailure(
        of command: ReceivedCommand<Source.Queue.Origin>
    ) async throws(LedgerError) -> CommandOutcome {
        guard case .success(let rejected) = try await reader.read(command) else { throw .internalFailure }
        let problem = Problem(LedgerError.internalFailure)
        do throws(LedgerError) {
            return .success(try await ledger.execute(.refused(Refusal(problem), rejected.context)))
        } catch .refused(let refusal) {
            return .failure(Problem(refusal))
        }
    }
}

extension OrderedWriting {
    /// Executes a command that has no place in an order.
    fileprivate func execute(_ command: MovementCommand) async throws(LedgerError) -> Receipt<Outcome> {
        let (results, continuation) = AsyncStream.makeStream(of: Result<Receipt<Outcome>, LedgerError>.self)
        await enqueue(command, in: CommandSequence()) { continuation.yield($0) }
        for await result in results { return try result.get() }
        throw .unavailable
    }
}

/// What to do when the process shuts down.
private final class ShutdownSwitch: Sendable {
    typealias Action = @Sendable () -> Void

    private struct State {
        var hasBegun = false
        var actions: [Int: Action] = [:]
        var next = 0
        var otherwise: Action?
    }

    private let state = Mutex(State())

    /// - Returns: To remove it with.
    func add(_ action: @escaping Action) -> Int {
        update { state in
            state.next += 1
            state.actions[state.next] = action
            return state.next
        }
    }

    func remove(_ number: Int) { update { $0.actions[number] = nil } }

    /// While there is nothing else to do.
    func otherwise(_ action: @escaping Action) { update { $0.otherwise = action } }

    func begin() { update { $0.hasBegun = true } }

    private func update<T: Sendable>(_ change: (inout State) -> T) -> T {
        let (result, actions) = state.withLock { state -> (T, [Action]) in
            let result = change(&state)
            guard state.hasBegun else { return (result, []) }
            return (result, state.actions.isEmpty ? [state.otherwise].compactMap(\.self) : Array(state.actions.values))
        }
        for action in actions { action() }
        return result
    }
}
