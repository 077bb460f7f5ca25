import Inventory
import ServiceLifecycle

/// Deletes expired idempotency records, a bounded number at once.
struct ExpiredRecords: Sendable {
    let transactions: DurableTransactions
    let observer: any LedgerFileObserver

    private static let interval: Duration = .seconds(60)
    /// Few enough not to delay a waiting movement noticeably.
    private static let deletedAtOnce = 1_000

    /// Runs until the service shuts down, or the ledger is moved.
    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    while try await delete() == Self.deletedAtOnce {}
                } catch TransactionFailure.moved(let destination) {
                    observer.observe(.moved(destination))
                    return
                } catch {
                    observer.observe(.expiryFailed(error))
                }
            }
        }
    }

    /// - Returns: How many were deleted.
    func delete() async throws(TransactionFailure) -> Int {
        let deleted = try await transactions.run { database in
            let deleted = try IdempotencyRecord.deleteExpired(atMost: Self.deletedAtOnce, from: database)
            return Written(value: deleted, isEmpty: deleted == 0)
        }
        if deleted > 0 { observer.observe(.recordsExpired(deleted)) }
        return deleted
    }
}
