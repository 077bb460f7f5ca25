public import Inventory
import Postgres

extension CacheState {
    /// Three columns: the generation, the current namespaces and their secret.
    static let columnsSQL = """
        (select generation from cache_state) as generation, (select namespace from cache_state) as namespace,
        (select secret from cache_state) as secret
        """

    /// - Parameter column: The first of the three columns.
    init(_ row: Row, at column: Int, in history: History) throws(PostgresError) {
        self.init(
            history: history, generation: try row.int64(column),
            namespaces: try row.optionalText(column + 1).map { CacheNamespaces($0) },
            secret: try row.optionalText(column + 2).map { CacheSecret($0) })
    }

    /// The advisory lock that protects the row ("cache" in ASCII). Transactions of the ledger share it, from a
    /// statement before the one that reads the row until they end; a change of the row takes it exclusively.
    private static let lock: Int64 = 0x63_61_63_68_65

    /// Must run in a transaction.
    static let lockSharedSQL = "pg_advisory_xact_lock_shared(\(lock))"

    static let lockAlone = Statement("cache.lock_alone", "select pg_advisory_xact_lock(\(lock))")
}

extension PostgresLedger: CacheStateReading {
    public func cacheState() async throws(LedgerError) -> CacheState {
        do {
            return try await watch.now().cache
        } catch {
            throw LedgerError(watchFailure: error, observer)
        }
    }
}
