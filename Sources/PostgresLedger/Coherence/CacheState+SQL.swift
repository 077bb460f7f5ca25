import Inventory
import Postgres

extension CacheState {
    /// Two columns: the generation and the namespace that counts.
    static let columnsSQL = """
        (select generation from cache_state) as generation, (select namespace from cache_state) as namespace
        """

    /// - Parameter column: Where the two columns begin.
    init(_ row: Row, at column: Int, in history: History) throws(PostgresError) {
        self.init(
            history: history, generation: try row.int64(column), namespace: try row.optionalText(column + 1))
    }

    /// The advisory lock that protects the row: whoever commits shares it from before they read the row, in an earlier
    /// statement, to the end of the transaction; whoever changes it has it alone. "cache" in ASCII.
    private static let lock: Int64 = 0x63_61_63_68_65

    /// To be called in a transaction.
    static let lockSharedSQL = "pg_advisory_xact_lock_shared(\(lock))"

    static let lockAlone = Statement("cache.lock_alone", "select pg_advisory_xact_lock(\(lock))")
}
