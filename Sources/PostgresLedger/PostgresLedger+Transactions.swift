import Inventory
import Postgres

// Keys, users and subscriptions, which are neither movements nor read of the ledgers.
extension PostgresLedger {
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws(LedgerError) -> Value {
        do {
            return try await primary.write(body)
        } catch {
            if let error = error as? PostgresError, error.outcome == .unknown { throw .outcomeUnknown }
            throw LedgerError(readFailure: error, observer)
        }
    }

    func items<Item: Sendable>(
        _ query: Query, from pool: Pool, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        do {
            return try await pool.run { session in try session.pipeline([query])[0].map(read) }
        } catch {
            throw LedgerError(readFailure: error, observer)
        }
    }
}
