public import Inventory
import Postgres

extension PostgresLedger: ReconciliationStoring {
    public func reconciliations() async throws(LedgerError) -> [Reconciliation] {
        try await items(Query(Self.list), from: primary) { try Reconciliation($0) }.compactMap(\.self)
    }

    public func startReconciliation(of part: ReconciledPart, at time: Timestamp) async throws(LedgerError) {
        try await write(Query(Self.start, .text(part.text), .timestamp(time.microseconds)))
    }

    public func finishReconciliation(
        of part: ReconciledPart, at time: Timestamp, differences: Int
    ) async throws(LedgerError) {
        try await write(
            Query(Self.finish, .text(part.text), .timestamp(time.microseconds), .int64(Int64(differences))))
    }

    private func write(_ query: Query) async throws(LedgerError) {
        try await write { session in _ = try session.pipeline([query, Query(.commit)]) }
    }

    private static let list = Statement(
        "reconciliations.list", "select part, known_since, started_at, finished_at, differences from reconciliations")

    private static let start = Statement(
        "reconciliations.start",
        """
        insert into reconciliations (part, known_since, started_at) values ($1::text, $2::timestamptz, $2::timestamptz)
        on conflict (part) do update set started_at = excluded.started_at
        """)

    private static let finish = Statement(
        "reconciliations.finish",
        """
        update reconciliations set finished_at = $2::timestamptz, differences = $3::bigint where part = $1::text
        """)
}
