import GRDB
public import Inventory

extension SQLiteLedger: ReconciliationStoring {
    public func reconciliations() async throws(LedgerError) -> [Reconciliation] {
        try await reader.lookUp { database in
            try database.rows(Self.list) { try Reconciliation($0) }.compactMap(\.self)
        }
    }

    public func startReconciliation(of part: ReconciledPart, at time: Timestamp) async throws(LedgerError) {
        try await write { database in
            try database.run(Self.start, part.text, time.microseconds)
            return Written(value: (), isEmpty: false)
        }
    }

    public func finishReconciliation(
        of part: ReconciledPart, at time: Timestamp, differences: Int
    ) async throws(LedgerError) {
        try await write { database in
            try database.run(Self.finish, part.text, time.microseconds, differences)
            return Written(value: (), isEmpty: database.changesCount == 0)
        }
    }

    private static let list = "select part, known_since, started_at, finished_at, differences from reconciliations"

    private static let start = """
        insert into reconciliations (part, known_since, started_at) values (?1, ?2, ?2)
        on conflict (part) do update set started_at = excluded.started_at
        """

    private static let finish = "update reconciliations set finished_at = ?2, differences = ?3 where part = ?1"
}
