import Access
import Inventory
import LedgerTesting
import PostgresLedger
import SQLiteLedger
import Testing

/// What a server keeps: the ledgers, who may use them, and who follows them.
typealias AnyStorage = AnyLedger & OrderedWriting & ChangeReading & CredentialStoring & WebhookStoring
    & ReconciliationStoring

/// The databases that keep the contract of both.
enum StorageUnderTest: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case postgres = "PostgreSQL"
    case postgresWithReplica = "PostgreSQL with a replica"
    case sqlite = "SQLite"

    var testDescription: String { rawValue }

    /// Lends a new ledger with stores 1 and 2, and products 101 and 102 without stock.
    func with(_ body: @Sendable (any AnyStorage) async throws -> Void) async throws {
        switch self {
        case .postgres: try await withPostgres(hasReplica: false, body)
        case .postgresWithReplica: try await withPostgres(hasReplica: true, body)
        case .sqlite:
            try await TestFile.with { file in
                try await file.withLedger { ledger in
                    try await ledger.prepare()
                    try await body(ledger)
                }
            }
        }
    }

    private func withPostgres(hasReplica: Bool, _ body: @Sendable (any AnyStorage) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await database.withLedger(replicas: hasReplica ? [database.replicaURL] : []) { ledger in
                try await ledger.prepare()
                try await body(ledger)
            }
        }
    }
}
