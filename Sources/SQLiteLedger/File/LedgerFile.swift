import Basics
import GRDB

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that holds a ledger, and how it is opened: looked at before anything is written to it.
///
/// What is looked at does not grow with the file: that it is a ledger, of a version that this program knows, and as long
/// as it says (SQLite refuses one that was cut off). Only a small file is read whole, and one that is brought to another
/// version. `FileCheck` reads the others; a page that is not whole is reported by SQLite when it is used, and then
/// nothing more is written.
struct LedgerFile: Sendable {
    let path: String

    /// Blocks its thread while the file is read.
    /// - Parameter opening: Whether the file may be created or brought up to date.
    /// - Throws: `LedgerFileError`; the file is as it was.
    func open(_ opening: SQLiteLedger.Opening, _ limits: LedgerFileLimits) throws -> DatabasePool {
        guard Database.sqliteLibVersionNumber >= Self.oldestLibrary else {
            throw LedgerFileError.libraryTooOld(
                version: try DatabaseQueue().read { try String.fetchOne($0, sql: "select sqlite_version()") ?? "" })
        }
        let isMissing = !FileManager.default.fileExists(atPath: path)
        if isMissing, opening == .asItIs { throw LedgerFileError.missing(path: path) }
        if isMissing { makePrivateFile(at: path) }
        do {
            let database = try DatabasePool(path: path, configuration: configuration(opening, limits))
            try database.writeWithoutTransaction { database in
                // The pool leaves its writer at NORMAL, which may lose the last commits with the machine's power.
                try database.execute(sql: "pragma synchronous = full")
                if opening == .upToDate { try Migration.apply(to: database, at: path) }
            }
            return database
        } catch let error as DatabaseError {
            throw LedgerFileError(error, path: path)
        }
    }

    private func configuration(_ opening: SQLiteLedger.Opening, _ limits: LedgerFileLimits) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(limits.lockTimeout / .seconds(1))
        configuration.maximumReaderCount = limits.readers
        configuration.prepareDatabase { database in
            try database.execute(sql: Self.settings)
            database.add(function: .normalized)
            // The writer is opened first, and looks at the file before anything writes to it.
            guard !database.configuration.readonly else { return }
            try inspect(database, opening, limits)
            beginEmptyLog(at: path + "-wal")
        }
        return configuration
    }

    private func inspect(
        _ database: Database, _ opening: SQLiteLedger.Opening, _ limits: LedgerFileLimits
    ) throws {
        let application = try Int.fetchOne(database, sql: "pragma application_id") ?? 0
        let found = try Migration.version(of: database)
        if application != Self.applicationID {
            let tables = try Int.fetchOne(database, sql: "select count(*) from sqlite_master") ?? 0
            guard application == 0, found == 0, tables == 0 else { throw LedgerFileError.notALedger(path: path) }
        }
        guard found <= Migration.newest else {
            throw LedgerFileError.newer(path: path, found: found, known: Migration.newest)
        }
        guard found == Migration.newest || opening == .upToDate else {
            throw LedgerFileError.older(path: path, found: found, needed: Migration.newest)
        }
        let size = try Int.fetchOne(database, sql: Self.size) ?? 0
        guard found < Migration.newest || size <= limits.smallFileBytes else { return }
        if let damage = try database.damage() { throw LedgerFileError.damaged(path: path, report: damage) }
    }

    private static let size = "select page_count * page_size from pragma_page_count, pragma_page_size"

    /// "Khat" in ASCII: tells a ledger from other programs' databases, and `file` shows it.
    static let applicationID = 0x4B_68_61_74

    /// 3.38, from 2022: strict tables, and JSON without asking.
    private static let oldestLibrary: CInt = 3_038_000

    /// A connection keeps 16 MiB of pages; the write-ahead log gives back what a long reader made it grow past 64 MiB.
    private static let settings = """
        pragma cache_size = -16384;
        pragma journal_size_limit = 67108864;
        """
}

extension LedgerFileError {
    fileprivate init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB: self = .notADatabase(path: path)
        case .SQLITE_CORRUPT: self = .damaged(path: path, report: error.reason)
        default: self = .cannotBeOpened(path: path, reason: error.reason)
        }
    }
}

extension DatabaseError {
    /// What went wrong, in SQLite's words and without the statement.
    var reason: String { message ?? resultCode.description }
}

/// Makes an empty file that only its owner may read, as SQLite then makes the files beside it; one that exists stays as
/// it is. Whether it can be used is for SQLite to say.
private func makePrivateFile(at path: String) {
    let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
    if descriptor >= 0 { close(descriptor) }
}

/// Where the write-ahead log is empty, GRDB makes and drops a table to have one that is not: every command would write to
/// the file and wait for the disk, even to report that the file is damaged. The first byte of any log does, too. SQLite
/// takes a log without a whole header for an empty one ("WAL-mode File Format", 2.1), and writes that same byte with the
/// first transaction, so it does not matter who is faster.
private func beginEmptyLog(at path: String) {
    let descriptor = open(path, O_WRONLY)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size == 0 else { return }
    // If this fails, GRDB tries its own way, and its error is told.
    _ = withUnsafeBytes(of: UInt8(0x37)) { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
}
