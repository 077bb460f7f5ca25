import GRDB
import Inventory

/// Reads rows together with the positions of their ledgers, in one snapshot. A snapshot has everything that any process
/// committed before it was taken, so it is always current.
struct SnapshotReader: Sendable {
    let database: DatabasePool
    /// A connection of its own, so that credentials and health do not wait for long reads.
    let lookups: DatabaseQueue
    let history: History
    let slots: ConcurrencyLimit
    let lookupSlots: ConcurrencyLimit
    let condition: FileCondition
    let observer: any LedgerFileObserver

    /// - Parameters:
    ///   - freshness: Always met, except for a minimum that a client requires.
    ///   - read: Runs on the connection's queue.
    func read<Value: Sendable>(
        _ scope: ReadScope, _ freshness: Freshness, _ read: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Snapshot<Value> {
        try await run { database in try snapshot(scope, freshness, database, read) }
    }

    private func snapshot<Value>(
        _ scope: ReadScope, _ freshness: Freshness, _ database: Database, _ read: (Database) throws -> Value
    ) throws -> Snapshot<Value> {
        let (position, catalogPosition) = try scope.positions(in: database)
        if let atLeast = freshness.atLeast {
            if let required = atLeast.history, required != history { throw LedgerError.historyChanged }
            guard position ?? .zero >= atLeast.position else { throw LedgerError.positionUnavailable }
        }
        return Snapshot(
            value: try read(database), position: position, catalogPosition: catalogPosition, history: history,
            source: .primary)
    }

    /// One transaction, which cancelling the caller does not cancel. On a thread of the pool, because a slow disk must not
    /// block the caller's, which may be an event loop.
    func run<Value: Sendable>(
        _ read: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await run(on: database, slots, read)
    }

    /// Like `run`, but does not wait for other reads.
    func lookUp<Value: Sendable>(
        _ read: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await run(on: lookups, lookupSlots, read)
    }

    private func run<Value: Sendable>(
        on connection: any DatabaseReader, _ slots: ConcurrencyLimit,
        _ read: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        guard slots.take() else { throw .overloaded }
        defer { slots.release() }
        do {
            return try await withCheckedThrowingContinuation { continuation in
                connection.asyncRead { access in
                    continuation.resume(with: Result { try read(try access.get()) })
                }
            }
        } catch {
            throw failure(error)
        }
    }

    /// Maps the error of a read.
    func failure(_ error: any Error) -> LedgerError {
        if let error = error as? LedgerError { return error }
        if let error = error as? DatabaseError, error.isDamage { return condition.damaged(error.reason) }
        observer.observe(.readFailed(error))
        guard let error = error as? DatabaseError else { return .internalFailure }
        return switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_INTERRUPT: .overloaded
        case _ where error.isOfTheMachine: .unavailable
        default: .internalFailure
        }
    }
}

extension ReadScope {
    /// The position of the ledger in scope, if there is exactly one, and that of the catalog.
    /// - Throws: `.notFound`.
    fileprivate func positions(in database: Database) throws -> (Position?, catalog: Position) {
        let catalog = try LedgerHead.ofCatalog(in: database).position
        switch self {
        case .catalog, .store(.catalog, _):
            return (catalog, catalog)
        case .store(let id, let isArchivedToo):
            let found = try database.rows(Self.position, id.rawValue, isArchivedToo) { try $0.position(0) }.first
            guard let found else { throw LedgerError.notFound }
            return (found, catalog)
        case .allStores:
            return (nil, catalog)
        }
    }

    private static let position = "select position from stores where store_id = ? and (? or archived_at is null)"
}
