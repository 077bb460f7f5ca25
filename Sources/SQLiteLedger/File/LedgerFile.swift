import Basics
import Foundation
import GRDB

/// A ledger's file. It is checked before anything is written to it.
///
/// The time of the check does not depend on the size: the file must be a ledger of a known version, and not truncated
/// (which SQLite checks). Only small files, and those to be migrated, are read whole. `FileCheck` reads the others;
/// SQLite reports a damaged page when it is used, and then nothing more is written.
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
        if isMissing, hasLog { throw LedgerFileError.onlyLog(path: path) }
        if isMissing, opening == .asItIs { throw LedgerFileError.missing(path: path) }
        if isMissing { makePrivateFile(at: path) }
        do {
            let database = try DatabasePool(path: path, configuration: configuration(opening, limits))
            try database.writeWithoutTransaction { database in
                // The pool sets its writer to NORMAL, which may lose the last commits in a power failure.
                try database.execute(sql: "pragma synchronous = full")
                if opening == .upToDate { try Migration.apply(to: database, at: path) }
            }
            return database
        } catch let error as DatabaseError {
            throw LedgerFileError(error, path: path)
        }
    }

    /// A connection that only reads a file that is open.
    func openForLookups() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { $0.add(function: .normalized) }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Whether there is a write-ahead log with more than its header, of 32 bytes.
    var hasLog: Bool {
        var status = stat()
        return stat(path + "-wal", &status) == 0 && status.st_size > 32
    }

    private func configuration(_ opening: SQLiteLedger.Opening, _ limits: LedgerFileLimits) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(limits.lockTimeout / .seconds(1))
        configuration.maximumReaderCount = limits.readers
        configuration.prepareDatabase { database in
            try database.execute(sql: Self.settings)
            database.add(function: .normalized)
            // The writer is opened first, and checks the file before anything writes to it.
            guard !database.configuration.readonly else { return }
            try inspect(database, opening, limits)
            beginEmptyLog(at: path + "-wal")
        }
        return configuration
    }

    private func inspect(
        _ database: Database, _ opening: SQLiteLedger.Opening, _ limits: LedgerFileLimits
    ) throws {
        let found = try Migration.version(of: database)
        if try !Self.isLedger(database) {
            let application = try Int.fetchOne(database, sql: "pragma application_id")
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

    static let size = "select page_count * page_size from pragma_page_count, pragma_page_size"

    static func isLedger(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "pragma application_id") == applicationID
    }

    /// "Khat" in ASCII: distinguishes a ledger from other databases; the command `file` shows it.
    static let applicationID = 0x4B_68_61_74

    /// 3.38, from 2022: strict tables, and built-in JSON.
    private static let oldestLibrary: CInt = 3_038_000

    /// A connection caches 16 MiB of pages; a write-ahead log that grew during a long read is truncated to 64 MiB.
    private static let settings = """
        pragma cache_size = -16384;
        pragma journal_size_limit = 67108864;
        """
}

extension LedgerFileError {
    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB: self = .notADatabase(path: path)
        case .SQLITE_CORRUPT: self = .damaged(path: path, report: error.reason)
        default: self = .cannotBeOpened(path: path, reason: error.reason)
        }
    }
}

extension DatabaseError {
    /// SQLite's error message, without the statement.
    var reason: String { message ?? resultCode.description }
}

/// Creates an empty file that only its owner may read, as SQLite then creates the files beside it; an existing one is
/// unchanged. SQLite decides whether it can be used.
func makePrivateFile(at path: String) {
    let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
    if descriptor >= 0 { close(descriptor) }
}

/// If the write-ahead log is empty, GRDB creates and drops a table to fill it: every command would write to the file
/// and wait for the disk, even to report damage. The first byte of any log is enough. SQLite treats a log without a
/// whole header as empty ("WAL-mode File Format", 2.1), and writes the same byte with the first transaction, so a race
/// is harmless.
private func beginEmptyLog(at path: String) {
    let descriptor = open(path, O_WRONLY)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size == 0 else { return }
    // If this fails, GRDB does it its own way, and reports the error.
    _ = withUnsafeBytes(of: UInt8(0x37)) { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
}
