import Inventory
import Postgres

/// Reads rows and the positions of their ledgers, in one snapshot and one round trip: from a replica if its snapshot is
/// new enough, otherwise from the primary.
struct SnapshotReader: Sendable {
    let primary: Pool
    let replicas: Replicas
    let watch: PrimaryWatch
    let invalidationGate: InvalidationGate
    let servesUnproven: Bool
    let observer: any LedgerObserver

    /// - Parameter decode: Decodes the query's rows, on the connection's thread.
    func read<Value: Sendable>(
        _ scope: ReadScope, _ freshness: Freshness, _ query: Query, _ decode: @escaping @Sendable (Rows) throws -> Value
    ) async throws(LedgerError) -> Snapshot<Value> {
        let reading = Reading(scope: scope, query: query, decode: decode)
        if !replicas.all.isEmpty, !freshness.isFromPrimary {
            let floor = try await floor(freshness, scope)
            if let snapshot = try await replicaSnapshot(reading, floor, freshness.atLeast) { return snapshot }
        }
        do {
            let found = try await found(primary, reading, behind: nil)
            await invalidationGate.invalidate(found.pendingInvalidations(beyond: freshness.required), in: found.cache)
            return try found.snapshot(freshness.atLeast, .primary)
        } catch {
            throw LedgerError(readFailure: error, observer)
        }
    }

    /// How new a replica's snapshot must be.
    private enum Floor {
        case requirement(Requirement)
        case primary(PrimaryState)
        /// Unknown, because the primary is unreachable. Its last known state, if any.
        case unproven(PrimaryState?)

        var need: ReplicaSelection.Need {
            switch self {
            case .requirement: .known
            case .primary: .current
            case .unproven: .any
            }
        }
    }

    private func floor(_ freshness: Freshness, _ scope: ReadScope) async throws(LedgerError) -> Floor {
        if let required = freshness.required { return .requirement(required) }
        do {
            return .primary(try await watch.now(scope.ledgers))
        } catch {
            let failure = LedgerError(readFailure: error, observer)
            guard case .unavailable = failure, servesUnproven else { throw failure }
            return .unproven(watch.last)
        }
    }

    /// - Returns: `nil` if the primary has to be read.
    private func replicaSnapshot<Value: Sendable>(
        _ reading: Reading<Value>, _ floor: Floor, _ atLeast: LedgerPoint?
    ) async throws(LedgerError) -> Snapshot<Value>? {
        var tried: Replicas.Replica?
        for _ in 0..<Self.maximumReplicas {
            guard let replica = replicas.begin(floor.need, except: tried) else { break }
            let (result, snapshot) = await snapshot(of: replica.pool, reading, floor, atLeast)
            replicas.end(replica, result)
            if let snapshot { return try snapshot.get() }
            if result == .undecided, floor.need != .any { break }
            tried = replica
        }
        if case .unproven = floor { throw .unavailable }
        return nil
    }

    /// How many a read tries: with a third, what is not served costs more time than the primary needs.
    private static let maximumReplicas = 2

    /// - Returns: What became of the read, and if that is final, its result. A replica that does not catch up within 10 ms is
    ///   behind.
    private func snapshot<Value: Sendable>(
        of replica: Pool, _ reading: Reading<Value>, _ floor: Floor, _ atLeast: LedgerPoint?
    ) async -> (ReplicaReadResult, Result<Snapshot<Value>, LedgerError>?) {
        do {
            switch floor {
            case .requirement(let required):
                let found = try await found(replica, reading, behind: nil)
                guard found.isEnough(required) else { throw Behind() }
                if !found.isCertainlyVisible(required) { try await requireVisible(found) }
                await invalidationGate.invalidate(found.pendingInvalidations(beyond: required), in: found.cache)
                return (.served, .success(try found.snapshot(atLeast, .replica)))
            case .primary(let state):
                let found = try await found(replica, reading, behind: state)
                if !found.isVisible(state) { try await requireVisible(found) }
                await invalidationGate.invalidate(found.pendingInvalidations(beyond: nil), in: found.cache)
                return (.served, .success(try found.snapshot(atLeast, .replica)))
            case .unproven(let last):
                let (found, provenAt) = try await unproven(replica, reading, last)
                return (.served, .success(try found.snapshot(atLeast, .replica, Staleness(provenAt: provenAt))))
            }
        } catch is Behind {
            observer.observe(.replicaSkipped(nil))
            return (.behind, nil)
        } catch is Undecided {
            observer.observe(.replicaSkipped(nil))
            return (.undecided, nil)
        } catch let error as PostgresError {
            observer.observe(.replicaSkipped(error))
            return (error.isOfConnection ? .unreachable : .failed, nil)
        } catch let error as LedgerError {
            // The client may have seen a newer position than the replica, or another history: the primary decides.
            switch error {
            case .positionUnavailable, .historyChanged:
                observer.observe(.replicaSkipped(nil))
                return (.undecided, nil)
            default: return (.served, .failure(error))
            }
        } catch {
            return (.undecided, .failure(LedgerError(readFailure: error, observer)))
        }
    }

    /// A replica may have a commit before it is visible on the primary, from which a later read must not return less.
    /// - Throws: `Undecided` if it is not visible on the primary yet, or the primary does not respond.
    private func requireVisible<Value>(_ found: Found<Value>) async throws(Undecided) {
        guard let state = try? await watch.now(found.scope.ledgers), found.isVisible(state) else { throw Undecided() }
    }

    /// - Parameter last: The primary's last known state.
    private func unproven<Value: Sendable>(
        _ replica: Pool, _ reading: Reading<Value>, _ last: PrimaryState?
    ) async throws -> (Found<Value>, provenAt: ContinuousClock.Instant?) {
        if let last {
            do {
                return (try await found(replica, reading, behind: last), last.requestedAt)
            } catch is Behind {}
        }
        return (try await found(replica, reading, behind: nil), nil)
    }

    /// - Parameter state: The primary's state, which a replica must have replayed.
    /// - Throws: `Behind` if it has not.
    private func found<Value: Sendable>(
        _ pool: Pool, _ reading: Reading<Value>, behind state: PrimaryState?
    ) async throws -> Found<Value> {
        try await pool.run { session in
            if let state, try !session.replays(upTo: state.flushed) { throw Behind() }
            let found = try reading.found(session)
            if let state {
                if found.lacksStore(of: state) { throw Undecided() }
                if !found.isUpToDate(with: state) { throw Behind() }
            }
            return found
        }
    }
}

/// A replica is behind the primary, or follows another history.
private struct Behind: Error {}

/// Only the primary can decide the read: as far as is known, the replica is ahead of what the primary shows, or it does not
/// show a store, which may be archived or not have reached it.
private struct Undecided: Error {}

/// A read: its scope, query and decoder.
private struct Reading<Value: Sendable>: Sendable {
    let scope: ReadScope
    let query: Query
    let decode: @Sendable (Rows) throws -> Value

    func found(_ session: Session) throws -> Found<Value> {
        let results = try session.pipeline(
            [Query(.beginSnapshot), scope.heads, query, scope.pending, Query(.commit)], for: query.statement)
        guard let first = results[1].first, let history = try first.optionalText(2) else {
            // A replica that has not received it yet, or another application's database.
            throw PostgresError(.connection, "the database has no history of a ledger")
        }
        var positions: [StoreID: Position] = [:]
        for row in results[1] {
            positions[StoreID(rawValue: try row.int64(0))] = Position(rawValue: try row.int64(1))
        }
        if case .allStores = scope {
            positions[.allLedgers] = Position(rawValue: positions.values.reduce(0) { $0 + $1.rawValue })
        }
        return Found(
            scope: scope, positions: positions, cache: try CacheState(first, at: 3, in: History(history)),
            value: try decode(results[2]),
            outbox: try results[3].map(OutboxEntry.init))
    }
}

/// The result of a read.
private struct Found<Value: Sendable>: Sendable {
    let scope: ReadScope
    /// The positions of the existing ledgers in scope, and of ``StoreID/allLedgers`` if these are in scope.
    let positions: [StoreID: Position]
    let cache: CacheState
    let value: Value
    /// Commits to the ledgers in scope that the cache may not be invalidated for.
    let outbox: [OutboxEntry]

    private var catalogPosition: Position { positions[.catalog, default: .zero] }

    /// The position of the ledger in scope, if there is exactly one and it exists.
    private var position: Position? {
        switch scope {
        case .catalog: catalogPosition
        case .store(let id, _): positions[id]
        case .allStores: nil
        }
    }

    func isEnough(_ required: Requirement) -> Bool {
        cache.history == required.history && catalogPosition >= required.catalogPosition
            && position ?? .zero >= required.position
    }

    /// Whether it has nothing beyond the required positions: what is up to those is visible on the primary.
    func isCertainlyVisible(_ required: Requirement) -> Bool {
        catalogPosition <= required.catalogPosition && position ?? .zero <= required.highest
    }

    /// Whether it does not show the store in scope, which the primary has.
    func lacksStore(of primary: PrimaryState) -> Bool {
        guard case .store(let id, _) = scope else { return false }
        return positions[id] == nil && primary.positions[id] != nil
    }

    /// Whether it has everything that is visible in the primary's state.
    func isUpToDate(with primary: PrimaryState) -> Bool {
        primary.cache.history == cache.history
            && scope.ledgers.allSatisfy {
                positions[$0, default: .zero] >= primary.positions[$0, default: .zero]
            }
    }

    /// Whether everything in it is visible in the primary's state.
    func isVisible(_ primary: PrimaryState) -> Bool {
        primary.cache.history == cache.history
            && scope.ledgers.allSatisfy {
                positions[$0, default: .zero] <= primary.positions[$0, default: .zero]
            }
    }

    /// The commits in the outbox that the cache may not be invalidated for. Without a requirement, all of them.
    func pendingInvalidations(beyond required: Requirement?) -> [OutboxEntry] {
        guard let required, required.history == cache.history else { return outbox }
        let invalidated = required.invalidated
        return outbox.filter { entry in
            entry.invalidations.contains { invalidation in
                if invalidation.storeID == .catalog { return invalidation.position > invalidated.catalogPosition }
                guard scope.ledgers.contains(invalidation.storeID) else { return false }
                let changed =
                    invalidated.productID.map { invalidation.products[$0, default: .zero] } ?? invalidation.position
                return changed > invalidated.position
            }
        }
    }

    func snapshot(
        _ atLeast: LedgerPoint?, _ source: ReadSource, _ unproven: Staleness? = nil
    ) throws(LedgerError) -> Snapshot<Value> {
        if let history = atLeast?.history, history != cache.history { throw .historyChanged }
        if case .store = scope, position == nil, source == .primary || atLeast == nil { throw .notFound }
        guard atLeast?.position ?? .zero <= position ?? .zero else { throw .positionUnavailable }
        return Snapshot(
            value: value, position: position, catalogPosition: catalogPosition, history: cache.history, source: source,
            unproven: unproven)
    }
}

extension LedgerError {
    /// Maps an error of a periodic query. A transient one is not reported: the connection logs that the server is
    /// unreachable.
    init(watchFailure error: any Error, _ observer: any LedgerObserver) {
        if let error = error as? PostgresError, error.isTransient {
            self = .unavailable
        } else {
            self.init(readFailure: error, observer)
        }
    }

    /// Maps and reports the error of a read.
    init(readFailure error: any Error, _ observer: any LedgerObserver) {
        if let error = error as? LedgerError {
            self = error
            return
        }
        if error is CancellationError {
            self = .unavailable
            return
        }
        observer.observe(.readFailed(error))
        guard let error = error as? PostgresError else {
            self = .internalFailure
            return
        }
        self =
            switch error.kind {
            case .exhausted: .overloaded
            case .closed, .connection, .timeout: .unavailable
            case .server where error.isTransient || error.isOfResources: .unavailable
            case .server(SQLState.queryCanceled): .overloaded
            case .server, .unreadable: .internalFailure
            }
    }
}

extension PostgresError {
    /// Whether there is no working connection to the server.
    fileprivate var isOfConnection: Bool {
        switch kind {
        case .connection, .timeout: true
        case .server, .exhausted, .closed, .unreadable: false
        }
    }
}

extension ReadScope {
    /// The ledgers whose positions define how new a read is.
    fileprivate var ledgers: [StoreID] {
        switch self {
        case .catalog: [.catalog]
        case .store(let id, _): [.catalog, id]
        case .allStores: [.allLedgers]
        }
    }

    /// `store_id, position`, the history and the current cache; the catalog is included.
    fileprivate var heads: Query {
        switch self {
        case .catalog: Query(Self.head, .int64(0))
        case .store(let id, isArchivedToo: true): Query(Self.head, .int64(id.rawValue))
        case .store(let id, isArchivedToo: false): Query(Self.headInUse, .int64(id.rawValue))
        case .allStores: Query(Self.allHeads)
        }
    }

    /// The commits to these ledgers that the cache may not be invalidated for.
    fileprivate var pending: Query {
        switch self {
        case .catalog: Query(Self.pendingOfOne, .int64(0))
        case .store(let id, _): Query(Self.pendingOfOne, .int64(id.rawValue))
        case .allStores: Query(Self.pendingOfAll)
        }
    }

    private static let stateSQL = """
        (select id from histories order by number desc limit 1), \(CacheState.columnsSQL)
        """

    private static let head = Statement(
        "heads.one", "select store_id, position, \(stateSQL) from stores where store_id in (0, $1::bigint)")

    private static let headInUse = Statement(
        "heads.one_in_use",
        """
        select store_id, position, \(stateSQL)
        from stores where store_id in (0, $1::bigint) and archived_at is null
        """)

    private static let allHeads = Statement("heads.all", "select store_id, position, \(stateSQL) from stores")

    private static let pendingSQL = """
        select store_id, position, namespace, changes from outbox
        where case when namespace is null then (select namespace from cache_state) is not null
            else string_to_array(namespace, ',', '') && string_to_array((select namespace from cache_state), ',', '') end
        """

    private static let pendingOfAll = Statement("pending.all", pendingSQL)

    /// See `Outbox` for the format of `changes`. Includes the catalog, because a page has names from it.
    private static let pendingOfOne = Statement(
        "pending.one",
        """
        \(pendingSQL)
            and (changes like '%[' || $1::bigint || ',%' or changes like '%[0,%')
        """)
}
