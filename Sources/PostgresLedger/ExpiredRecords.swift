import Postgres
import ServiceLifecycle

/// Deletes expired idempotency records, a bounded number at a time.
struct ExpiredRecords: Sendable {
    let primary: Pool
    let observer: any LedgerObserver

    private static let interval: Duration = .seconds(60)
    private static let deletedAtOnce = 10_000

    /// Runs until graceful shutdown.
    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    while true {
                        let deleted = try await primary.run { session in
                            try session.execute(Self.delete, .int64(Int64(Self.deletedAtOnce))).affectedCount
                        }
                        if deleted > 0 { observer.observe(.recordsExpired(deleted)) }
                        if deleted < Self.deletedAtOnce { break }
                    }
                } catch {
                    observer.observe(.expiryFailed(error))
                }
            }
        }
    }

    private static let delete = Statement(
        "idempotency.expire",
        """
        delete from idempotency where (principal, key) in (
            select principal, key from idempotency where expires_at <= now() order by expires_at limit $1::bigint)
        """)
}
