import Inventory
import Postgres

/// Reads rows together with the positions of their ledgers, in one snapshot and one round trip: from the replica if
/// its snapshot is new enough, otherwise from the primary.
struct SnapshotReader: Sendable {
    let primary: Pool
    let replica: Pool?
    let acknowledged: AcknowledgedPositions
    let horizon: CommitHorizon
    let observer: any LedgerObserver

    /// - Parameters:
    ///   - freshness: A position is that of the one ledger in scope.
    ///   - query: Its rows are handed to `decode` on the connection's thread.
    func read<Value: Sendable>(
        _ scope: ReadScope, _ freshness: Freshness, _ query: Query, _ decode: @escaping @Sendable (Rows) throws -> Value
    ) async throws(LedgerError) -> Snapshot<Value> {
        // Taken before the read starts: what is acknowledged later is not owed to this caller.
        let required = required(scope, freshness)
        if let replica, !freshness.isFromPrimary {
            let horizon = freshness.isCurrent ? try await horizonIfUp() : nil
            do {
                let found = try await self.found(replica, behind: horizon, scope, query, decode)
                if let snapshot = found?.snapshot(required, scope, .replica) { return try snapshot.get() }
                observer.observe(.replicaPassedOver(nil))
            } catch let error as PostgresError {
                observer.observe(.replicaPassedOver(error))
            } catch {
                throw failure(error)
            }
        }
        do {
            let found = try await self.found(primary, behind: nil, scope, query, decode)
            guard let snapshot = found?.snapshot(required, scope, .primary) else {
                throw LedgerError.positionUnavailable
            }
            return try snapshot.get()
        } catch {
            throw failure(error)
        }
    }

    private func required(_ scope: ReadScope, _ freshness: Freshness) -> [StoreID: Position] {
        let one: StoreID
        switch scope {
        case .allStores: return acknowledged.all
        case .catalog: one = .catalog
        case .store(let id, _): one = id
        }
        var required = [StoreID.catalog: max(acknowledged[.catalog], freshness.catalogPosition ?? .zero)]
        required[one] = max(acknowledged[one], required[one] ?? .zero, freshness.position ?? .zero)
        return required
    }

    /// How far the primary has committed; `nil` while it is down: then nothing is committed, and the replica has what
    /// is known.
    private func horizonIfUp() async throws(LedgerError) -> String? {
        do {
            return try await horizon.now()
        } catch {
            let failure = failure(error)
            guard case .unavailable = failure else { throw failure }
            return nil
        }
    }

    /// - Parameter horizon: Up to where the replica has to have replayed the primary's WAL before it is read.
    /// - Returns: `nil` if it has not, within a moment.
    private func found<Value: Sendable>(
        _ pool: Pool, behind horizon: String?, _ scope: ReadScope, _ query: Query,
        _ decode: @escaping @Sendable (Rows) throws -> Value
    ) async throws -> Found<Value>? {
        try await pool.run { session in
            if let horizon, try !session.replays(upTo: horizon) { return nil }
            let answers = try session.pipeline([Query(.beginSnapshot), scope.heads, query, Query(.commit)])
            var positions: [StoreID: Position] = [:]
            for row in answers[1] {
                positions[StoreID(rawValue: try row.int64(0))] = Position(rawValue: try row.int64(1))
            }
            return Found(positions: positions, value: try decode(answers[2]))
        }
    }

    func failure(_ error: any Error) -> LedgerError {
        if let error = error as? LedgerError { return error }
        if error is CancellationError { return .unavailable }
        observer.observe(.readFailed(error))
        guard let error = error as? PostgresError else { return .internalFailure }
        return switch error.kind {
        case .exhausted: .overloaded
        case .closed, .connection, .timeout: .unavailable
        case .server where error.isRetryable: .unavailable
        case .server(SQLState.queryCanceled): .overloaded
        case .server, .unreadable: .internalFailure
        }
    }
}

/// What a snapshot held.
private struct Found<Value: Sendable>: Sendable {
    /// Of the ledgers in scope that exist.
    let positions: [StoreID: Position]
    let value: Value

    /// - Returns: `nil` if the snapshot is older than required; `.notFound` if it is not, and the store is not there.
    func snapshot(
        _ required: [StoreID: Position], _ scope: ReadScope, _ source: ReadSource
    ) -> Result<Snapshot<Value>, LedgerError>? {
        let catalogPosition = positions[.catalog, default: .zero]
        guard required[.catalog, default: .zero] <= catalogPosition else { return nil }
        var position: Position?
        switch scope {
        case .catalog:
            position = catalogPosition
        case .store(let id, _):
            // A store that this process has written to, or that is asked for at some position, may be new.
            guard let found = positions[id] else {
                return required[id, default: .zero] > .zero && source == .replica ? nil : .failure(.notFound)
            }
            guard required[id, default: .zero] <= found else { return nil }
            position = found
        case .allStores:
            guard required.allSatisfy({ $0.value <= positions[$0.key, default: .zero] }) else { return nil }
        }
        return .success(
            Snapshot(value: value, position: position, catalogPosition: catalogPosition, source: source))
    }
}

extension ReadScope {
    /// As `store_id, position`; the catalog is among them.
    fileprivate var heads: Query {
        switch self {
        case .catalog: Query(Self.head, .int64(0))
        case .store(let id, isArchivedToo: true): Query(Self.head, .int64(id.rawValue))
        case .store(let id, isArchivedToo: false): Query(Self.headInUse, .int64(id.rawValue))
        case .allStores: Query(Self.allHeads)
        }
    }

    private static let head = Statement(
        "heads.one", "select store_id, position from stores where store_id in (0, $1::bigint)")

    private static let headInUse = Statement(
        "heads.one_in_use",
        "select store_id, position from stores where store_id in (0, $1::bigint) and archived_at is null")

    private static let allHeads = Statement("heads.all", "select store_id, position from stores")
}
