import Basics
import GRDB
public import Inventory
public import ServiceLifecycle

/// Reads a ledger's whole file once, while the ledger is in use, to find damage before it is encountered. After that
/// nothing is written, and the observer and the ledger's health report it.
public struct FileCheck: Service {
    private let ledger: SQLiteLedger

    public init(_ ledger: SQLiteLedger) {
        self.ledger = ledger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            // The ledger reports the damage.
            try? await ledger.check()
        }
        try await gracefulShutdown()
    }
}

extension SQLiteLedger {
    /// Reads the whole file, in time proportional to its size. Others can read and write meanwhile. If cancelled, it
    /// ends early without a result.
    /// - Throws: `.damaged`; then all writes also throw it.
    public func check() async throws(LedgerError) {
        let found: String?
        do {
            // On a writable connection, though it does not write: on others SQLite skips the check of tables'
            // constraints.
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
    /// The file's first defect, in SQLite's words on one line: its structure, and violated constraints. Reads the whole
    /// file.
    func damage() throws -> String? {
        let report = try String.fetchAll(self, sql: "pragma quick_check(3)")
        guard report != ["ok"] else { return nil }
        // Structural defects have a headline.
        let lines = report.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("***") }
        return lines.joined(separator: "; ")
    }
}
