import Basics
import Foundation
import GRDB
public import Inventory

/// A copy of a ledger's file, complete and checked.
public struct LedgerFileCopy: Sendable {
    public let bytes: Int
    /// Of the logs of the stores, of the catalog, and of keys and users.
    public let entries: Int64
    /// The last change that it has; `nil` if it has none.
    public let latestAt: Timestamp?

    /// Copies a ledger as it is at one moment into a new file, which has no log and which only its owner may read. Others
    /// can read and write the ledger meanwhile.
    ///
    /// The ledger's whole file is read and checked before, and the copy after. If anything fails, or the task is cancelled,
    /// there is none.
    /// - Throws: ``LedgerFileError``, `CancellationError`.
    public static func make(of path: String, at copy: String) async throws -> LedgerFileCopy {
        guard !FileManager.default.fileExists(atPath: copy) else { throw LedgerFileError.exists(path: copy) }
        return try await makePartial(of: path, at: copy) { contents, partial in
            // Unlike renaming, this does not replace a file that was made meanwhile.
            guard link(partial, copy) == 0 else { throw LedgerFileError(writing: copy) }
            return contents
        }
    }

    /// Puts a copy where a ledger is, or was. The copy itself stays as it is.
    /// - Parameter replaced: A new name for a ledger that is there, damaged or not, which no process may have open and which
    ///   was not moved elsewhere. `nil`: there must be none.
    /// - Throws: ``LedgerFileError``, `CancellationError`; then all is as it was.
    public static func restore(
        _ copy: String, to path: String, keepingReplacedAs replaced: String?
    ) async throws -> LedgerFileCopy {
        // A link's target is replaced, not the link.
        let path = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        let file = LedgerFile(path: path)
        let exists = FileManager.default.fileExists(atPath: path)
        if !exists, file.hasLog { throw LedgerFileError.onlyLog(path: path) }
        guard exists, let replaced else { return try await make(of: copy, at: path) }
        return try await makePartial(of: copy, at: path) { contents, partial in
            try file.whileClosedToOthers {
                guard link(path, replaced) == 0 else { throw LedgerFileError(writing: replaced) }
                // That of a damaged file, which could not be copied into it.
                rename(path + "-wal", replaced + "-wal")
                unlink(path + "-shm")
                guard rename(partial, path) == 0 else {
                    let error = LedgerFileError(writing: path)
                    rename(replaced + "-wal", path + "-wal")
                    unlink(replaced)
                    throw error
                }
            }
            return contents
        }
    }

    /// Copies into a file beside the one that is to be made, which is deleted when `body` returns.
    private static func makePartial(
        of path: String, at copy: String, _ body: @escaping @Sendable (LedgerFileCopy, String) throws -> LedgerFileCopy
    ) async throws -> LedgerFileCopy {
        guard FileManager.default.fileExists(atPath: path) else { throw LedgerFileError.missing(path: path) }
        removeAbandoned(beside: copy)
        let partial = "\(copy).\(String.randomID())\(partialSuffix)"
        makePrivateFile(at: partial)
        // Until it is closed, so that nobody takes the file for an abandoned one.
        let descriptor = open(partial, O_RDONLY)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw LedgerFileError(writing: partial)
        }
        defer {
            remove(partial)
            close(descriptor)
        }
        do {
            try await copyContents(of: path, to: partial)
            return try await onBlockingThread {
                let contents = try check(partial, of: path)
                let made = try body(contents, partial)
                try synchronize(URL(filePath: copy).deletingLastPathComponent().path(percentEncoded: false))
                return made
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            throw CancellationError()
        } catch let error as DatabaseError where error.isDamage {
            throw LedgerFileError(error, path: path)
        } catch let error as DatabaseError {
            throw LedgerFileError.notCopied(path: path, copy: copy, reason: error.reason)
        }
    }

    private static let partialSuffix = ".partial"

    /// Deletes what processes left that were killed while they copied.
    private static func removeAbandoned(beside copy: String) {
        let url = URL(filePath: copy)
        let folder = url.deletingLastPathComponent().path(percentEncoded: false)
        // If it cannot be listed, there is nothing to be written either.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(url.lastPathComponent + ".") && name.hasSuffix(partialSuffix) {
            let descriptor = open(folder + name, O_RDONLY)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(folder + name) }
        }
    }

    private static func remove(_ partial: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) }
    }

    /// In one transaction of SQLite, which also waits until the copy is on the disk.
    private static func copyContents(of path: String, to partial: String) async throws {
        let source = try await onBlockingThread {
            let source = try openSource(path)
            guard try source.read({ try LedgerFile.isLedger($0) }) else { throw LedgerFileError.notALedger(path: path) }
            return source
        }
        try await withTaskCancellationHandler {
            try await onBlockingThread {
                // Its log is gone then, if nobody else has the file open.
                defer { try? source.close() }
                try source.inDatabase { database in
                    // Copying makes sound pages of damaged ones, without what they have lost.
                    if let damage = try database.damage() { throw LedgerFileError.damaged(path: path, report: damage) }
                    try database.execute(sql: "vacuum into ?", arguments: [partial])
                }
            }
        } onCancel: {
            source.interrupt()
        }
        try Task.checkCancellation()
    }

    private static func openSource(_ path: String) throws -> DatabaseQueue {
        let url = URL(filePath: path)
        let isShared = ["-journal", "-wal", "-shm"].contains { FileManager.default.fileExists(atPath: path + $0) }
        guard !isShared, access(url.deletingLastPathComponent().path(percentEncoded: false), W_OK) != 0 else {
            // Not only for reading: then it would leave an empty log beside a file that nobody else has open.
            return try DatabaseQueue(path: path)
        }
        // SQLite cannot make a log there, and needs none: nobody has the file open.
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: url.absoluteString + "?immutable=1", configuration: configuration)
    }

    private static func check(_ partial: String, of path: String) throws -> LedgerFileCopy {
        let connection = try DatabaseQueue(path: partial)
        let copy = try connection.read { database in
            let version = try Migration.version(of: database)
            guard version <= Migration.newest else {
                throw LedgerFileError.newer(path: path, found: version, known: Migration.newest)
            }
            let damage = try database.damage()
            let entries = try Int64.fetchOne(database, sql: "select count(*) from audit_log") ?? 0
            guard damage == nil, try Int64.fetchOne(database, sql: "select sum(position) from stores") == entries else {
                throw LedgerFileError.damaged(path: path, report: damage ?? "entries of the audit log are missing")
            }
            let latest = try Int64.fetchOne(database, sql: "select max(recorded_at) from stores where position > 0")
            // Earlier versions have no log of keys and users.
            let others = try database.tableExists("credential_log") ? CredentialLog.head(in: database) : nil
            let latestAt = [
                latest.map { Timestamp(microseconds: $0) },
                others.flatMap { $0.position == .zero ? nil : $0.recordedAt },
            ].compactMap(\.self).max()
            return LedgerFileCopy(
                bytes: try Int.fetchOne(database, sql: LedgerFile.size) ?? 0,
                entries: entries + (others?.position.rawValue ?? 0), latestAt: latestAt)
        }
        try connection.close()
        return copy
    }

    /// Waits until the folder's entries are on the disk.
    private static func synchronize(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY)
        guard descriptor >= 0 else { throw LedgerFileError(writing: folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw LedgerFileError(writing: folder) }
    }
}

extension LedgerFile {
    /// Runs `body` while no other process has the file open. It is then complete, unless it is damaged: its log was copied
    /// into it.
    fileprivate func whileClosedToOthers(_ body: () throws -> Void) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(5)
        do {
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            try connection.writeWithoutTransaction { database in
                try database.execute(sql: "pragma locking_mode = exclusive")
                // Without its log, so that closing the connection touches no file by that name.
                guard try String.fetchOne(database, sql: "pragma journal_mode = delete") == "delete" else {
                    throw LedgerFileError.inUse(path: path)
                }
                try database.beginTransaction(.exclusive)
                defer { try? database.rollback() }
                if let destination = try? LedgerDestination.find(in: database) {
                    throw LedgerFileError.moved(path: path, destination: destination.name)
                }
                try body()
            }
            try connection.close()
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
            throw LedgerFileError.inUse(path: path)
        } catch let error as DatabaseError where error.isDamage {
            // Nobody can use it, so nobody is kept from it.
            try body()
        }
    }
}

extension LedgerFileError {
    /// From `errno`.
    fileprivate init(writing path: String) {
        let code = errno
        self =
            code == EEXIST ? .exists(path: path) : .cannotBeWritten(path: path, reason: String(cString: strerror(code)))
    }
}
