import Foundation
public import Inventory
public import Logging
public import Postgres
public import ServiceLifecycle
public import Tracing

/// Numbers of connections, and limits on what may wait for them.
public struct LedgerLimits: Sendable {
    /// Lanes that commit movements of single stores in parallel, each on its own connection to the primary. Commands
    /// that concern several stores have one more lane.
    /// By default one for every two cores, at most four: fewer lanes mean larger transactions.
    public var lanes = min(4, max(1, ProcessInfo.processInfo.activeProcessorCount / 2))
    public var write = WriteLimits()
    /// Connections to each replica, and to the primary for reads that no replica can serve.
    public var replicaConnections = 8
    public var primaryReadConnections = 4
    public var waitingReads = 1_000
    /// How long to retry a failed transaction, or to check its outcome, before it fails for the caller.
    public var commitTimeout: Duration = .seconds(3)
    /// How long a lookup of a key, a user or a password may take. Every request may wait for it.
    public var credentialTimeout: Duration = .seconds(2)
    /// Whether reads are served from replicas while the primary is unreachable, although they may be stale. Such a
    /// snapshot is marked (``Snapshot/unproven``).
    public var servesUnproven = false

    public init() {}
}

/// The ledger on PostgreSQL: movements are committed to the primary, reads are served by a replica that is new enough,
/// if there is one.
///
/// Runs as a service; on graceful shutdown it commits what was accepted, and accepts nothing more.
public struct PostgresLedger: Service {
    /// Each has a connection to the primary, and a share of the stores.
    private let lanes: [GroupCommitter<MovementBatches>]
    /// For commands that concern several stores.
    private let crossStoreLane: GroupCommitter<MovementBatches>
    let catalog: DurableTransactions
    let outbox: Outbox
    let invalidationGate: InvalidationGate
    private let recentEntries: RecentEntries
    let reader: SnapshotReader
    let watch: PrimaryWatch
    /// For everything that is neither a movement nor a read of the ledgers: keys, health, housekeeping.
    public let primary: Pool
    /// A pool of its own, so that authentication (and with it, cache hits) does not wait for reads of the ledgers.
    let credentials: Pool
    let observer: any LedgerObserver
    /// Several may have one name.
    private let pools: [(name: String, pool: Pool)]
    /// The relay's session.
    public let relay: RelaySession

    /// Connects on first use.
    /// - Parameters:
    ///   - primary: Where movements are committed.
    ///   - replicas: Streaming replicas of it.
    ///   - invalidating: Invalidates the cache for each commit, before the commit is acknowledged.
    ///   - tracer: As in ``GroupCommitter``.
    public init(
        primary: ConnectionConfiguration, replicas: [ConnectionConfiguration], limits: LedgerLimits = LedgerLimits(),
        invalidating: any CacheInvalidating = NoCacheConnection(), observer: any LedgerObserver,
        tracer: (any Tracer)? = nil, logger: Logger
    ) {
        let primary = primary.toPrimary().observed(by: observer, isReplica: false)
        var pools: [(name: String, pool: Pool)] = []
        func pool(
            _ name: String, _ configuration: ConnectionConfiguration, connections: Int, waiting: Int,
            waitTimeout: Duration = .seconds(5)
        ) -> Pool {
            let pool = Pool(
                configuration, maximumConnections: connections, maximumWaiting: waiting, waitTimeout: waitTimeout,
                logger: logger)
            pools.append((name, pool))
            return pool
        }
        var writing = primary
        writing.settings = Self.writeSettings
        // A transaction takes milliseconds. One that hangs blocks its stores, and every caller with a command for them.
        writing.statementTimeout = .seconds(10)
        writing.silenceTimeout = .seconds(12)
        let outbox = Outbox()
        self.outbox = outbox
        let watch = PrimaryWatch(primary, logger: logger)
        self.watch = watch
        let relay = RelaySession(primary, logger: logger) { LedgerError(watchFailure: $0, observer) }
        self.relay = relay
        // Without a cache, this process has no `Relay` that would switch off an abandoned one.
        let invalidationGate = InvalidationGate(invalidating, outbox, watch) {
            if invalidating is NoCacheConnection { try? await relay.switchOffIfAbandoned() }
        }
        self.invalidationGate = invalidationGate
        let recentEntries = RecentEntries(observer: observer)
        self.recentEntries = recentEntries
        func lane(_ lane: LedgerLane) -> GroupCommitter<MovementBatches> {
            let batches = MovementBatches(
                lane: lane,
                transactions: DurableTransactions(
                    connections: pool("lanes", writing, connections: 1, waiting: 0), observer: observer,
                    timeout: limits.commitTimeout),
                outbox: outbox, invalidationGate: invalidationGate, recentEntries: recentEntries, observer: observer)
            return GroupCommitter(batches, limits.write, tracer: tracer)
        }
        lanes = (0..<max(1, limits.lanes)).map { lane(.number($0)) }
        crossStoreLane = lane(.severalStores)
        // Changes wait for each other's commits, which on a slow disk takes long for the last of many.
        catalog = DurableTransactions(
            connections: pool(
                "catalog", writing, connections: 1, waiting: limits.write.catalogChangesWaiting,
                waitTimeout: .seconds(30)),
            observer: observer, timeout: limits.commitTimeout)
        self.primary = pool(
            "primary", primary, connections: limits.primaryReadConnections, waiting: limits.waitingReads)
        // Replicas are a fallback.
        credentials = pool(
            "credentials", primary.givingUp(after: limits.credentialTimeout), connections: 2,
            waiting: limits.waitingReads, waitTimeout: limits.credentialTimeout)
        reader = SnapshotReader(
            primary: self.primary,
            replicas: Replicas(replicas, watch: watch, observer: observer, logger: logger) {
                pool(
                    "replica", $0.observed(by: observer, isReplica: true), connections: limits.replicaConnections,
                    waiting: limits.waitingReads)
            },
            watch: watch, invalidationGate: invalidationGate, servesUnproven: limits.servesUnproven, observer: observer)
        self.observer = observer
        self.pools = pools
    }

    /// The write path looks rows up by key, in tables that may have grown a thousandfold since its plans were made: a
    /// plan that scans a table that was small then would be disastrous.
    private static let writeSettings = [
        "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
    ]

    public func run() async {
        await withTaskGroup { group in
            for lane in lanes + [crossStoreLane] {
                group.addTask { await lane.run() }
            }
            group.addTask { await ExpiredRecords(primary: primary, observer: observer).run() }
            group.addTask { await reader.replicas.run() }
            await withGracefulShutdownHandler {
                await group.waitForAll()
            } onGracefulShutdown: {
                for lane in lanes + [crossStoreLane] { lane.close() }
            }
        }
        await deleteInvalidated()
        for (_, pool) in pools { await pool.close() }
        await reader.replicas.close()
        await watch.close()
        await relay.close()
    }

    /// Deletes the rows that no later commit will delete: even a process that makes a single change leaves none.
    private func deleteInvalidated() async {
        while case let invalidated = outbox.takeInvalidated(), !invalidated.isEmpty {
            do {
                try await primary.run { session in _ = try session.pipeline(Outbox.delete(invalidated)) }
            } catch {
                observer.observe(.outboxLeft(error))
                return
            }
        }
    }
}

extension PostgresLedger {
    /// Movements that wait for each lane.
    public var waitingMovements: [(lane: LedgerLane, count: Int)] {
        lanes.indices.map { (.number($0), lanes[$0].waitingLines) } + [(.severalStores, crossStoreLane.waitingLines)]
    }

    public var replicaStatus: [ReplicaStatus] { reader.replicas.status }

    /// How the connections are used, by what they are for.
    public var poolStatus: [String: PoolStatus] {
        Dictionary(pools.map { ($0.name, $0.pool.status) }) {
            PoolStatus(busy: $0.busy + $1.busy, idle: $0.idle + $1.idle, waiting: $0.waiting + $1.waiting)
        }
    }
}

extension ConnectionConfiguration {
    fileprivate func observed(by observer: any LedgerObserver, isReplica: Bool) -> ConnectionConfiguration {
        var configuration = self
        configuration.onRoundTrip = { statement, duration in
            observer.observe(.roundTrip(statement: statement.name, isReplica: isReplica, duration))
        }
        return configuration
    }
}

extension PostgresLedger: StockWriting {
    public func record(
        _ movement: Movement, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedMovement> {
        try await submit(MovementCommand(.movement(movement), context)).movementReceipt()
    }

    public func record(
        _ transfer: Transfer, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedTransfer> {
        try await submit(MovementCommand(.transfer(transfer), context)).transferReceipt()
    }

    public func record(
        _ batch: Batch, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedBatch> {
        try await submit(MovementCommand(.batch(batch), context)).batchReceipt()
    }

    public func change(
        _ change: CatalogChange, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        let transaction = CatalogTransaction(
            command: CatalogCommand(change, context), invalidated: outbox.takeInvalidated())
        do {
            // An unstructured task, so that cancelling the caller does not cancel the change, even while it waits.
            let committed = try await Task { [catalog] in
                try await catalog.run { session in try transaction.prepare(session) }
            }.value
            return try await receipt(for: committed, invalidated: transaction.invalidated)
        } catch let failure as TransactionFailure {
            outbox.markInvalidated(transaction.invalidated)
            throw LedgerError(failure, observer)
        } catch {
            throw error as? LedgerError ?? .internalFailure
        }
    }

    public func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        let receipt = try await submit(.replay(of: key))
        return receipt.isReplay ? receipt : nil
    }

    /// Invalidates the cache, then returns the receipt; see `MovementBatches`.
    private func receipt(
        for committed: Decided<Result<CatalogDecision, Refusal>>, invalidated: [Outbox.Key]
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        guard case .success(let decision) = committed.value, let written = decision.written else {
            outbox.markInvalidated(invalidated)
            let receipt = try committed.value.mapError { LedgerError.refused($0) }.get().receipt
            await invalidationGate.invalidate(Outcome.catalog(receipt.value).invalidations, nil, in: committed.cache)
            return receipt
        }
        await recentEntries.add([written.audit], in: committed.cache.history, primary)
        await invalidationGate.invalidate([written.invalidation], CommitProof(written.audit).entry, in: committed.cache)
        return decision.receipt
    }

    private func submit(_ command: MovementCommand) async throws(LedgerError) -> Receipt<Outcome> {
        try await lane(for: command).lane.submit(command)
    }

    /// A store's movements use the same lane, so that they share transactions instead of waiting for each other's
    /// locks. So do commands on several stores, which often have stores in common.
    private func lane(
        for command: MovementCommand
    ) -> (lane: GroupCommitter<MovementBatches>, isOfSeveralStores: Bool) {
        var stores = Set<StoreID>()
        command.forEachLevel { stores.insert($0.storeID) }
        guard stores.count <= 1 else { return (crossStoreLane, true) }
        let store = stores.first?.rawValue ?? 0
        return (lanes[Int(UInt64(bitPattern: store) % UInt64(lanes.count))], false)
    }
}

extension PostgresLedger: OrderedWriting {
    public func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence, completion: @escaping CommandCompletion
    ) async {
        let (lane, isOfSeveralStores) = lane(for: command)
        let completion = await sequence.begin(concerningSeveralStores: isOfSeveralStores, completion: completion)
        lane.enqueue(command, in: sequence, completion: completion)
    }
}
