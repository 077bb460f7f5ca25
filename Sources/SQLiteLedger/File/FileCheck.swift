import Basics
import GRDB
public import Inventory
public import ServiceLifecycle

/// Reads all of a ledger's file once, while the ledger is used: what is damaged is found before it is needed. From then on
/// nothing is written, and the observer and the ledger's health tell.
public struct FileCheck: Service {
    private let ledger: SQLiteLedger

    public init(_ ledger: SQLiteLedger) {
        self.ledger = ledger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            // Whoever asks for damage is told of it by the ledger.
            try? await ledger.check()
        }
        try await gracefulShutdown()
    }
}

extension SQLiteLedger {
    /// Reads all of the file, which takes as long as it is large. Others read and write meanwhile.
    /// Cancelled, it ends early and has found nothing.
    /// - Throws: `.damaged`; and from then on, for everything that would be written.
    public func check() async throws(LedgerError) {
        let found: String?
        do {
            // On a connection that could write, though it does not: SQLite lets the others pass over what a table forbids.
            let path = database.path
            let connection = try await onBlockingThread { try DatabaseQueue(path: path) }
            found = try await connection.read { database in try database.damage() }
            try await onBlockingThread { try connection.close() }
        } catch is CancellationError {
            return
        } catch {
            throw reader.failure(error)
        }
        if let found { throw condition.damaged(found) }
    }
}

extension Database {
    /// What is wrong with the file, in SQLite's words and one line: its structure, and what the tables do not allow. Reads
    /// all of it.
    func damage() throws -> String? {
        let report = try String.fetchAll(self, sql: "pragma quick_check(3)")
        guard report != ["ok"] else { return nil }
        // What is wrong with the structure stands below a headline.
        let lines = report.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("***") }
        return lines.joined(separator: "; ")
    }
}
