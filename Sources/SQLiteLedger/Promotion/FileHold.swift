import Basics
import GRDB

/// The write lock on a ledger's file, held across steps while the last part is copied: meanwhile all processes can read
/// the file, but not write to it.
public final class FileHold: Sendable {
    /// Its own connection, because it stays in its transaction between calls.
    private let connection: DatabaseQueue

    fileprivate init(_ connection: DatabaseQueue) {
        self.connection = connection
    }

    /// Records the ledger's destination, and releases the lock. After that nothing is recorded in the file. Blocks its
    /// thread until that is on the disk.
    ///
    /// If it throws, the outcome is uncertain until the file is opened again.
    public func close(_ destination: LedgerDestination) throws {
        try connection.writeWithoutTransaction { database in
            if try LedgerDestination.find(in: database) == nil { try destination.insert(into: database) }
            try database.commit()
        }
    }

    /// Releases the lock.
    public func release() async {
        // Closing ends an open transaction; it wrote nothing, so nothing is lost if that fails.
        try? await onBlockingThread { [connection] in try connection.close() }
    }
}

extension SQLiteLedger {
    /// Waits for the write lock.
    /// - Throws: `LedgerFileError.busy`, after the timeout.
    public func hold(for limit: Duration = .seconds(30)) async throws -> FileHold {
        let path = database.path
        return try await onBlockingThread {
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(limit / .seconds(1))
            configuration.foreignKeysEnabled = false
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            do {
                try connection.writeWithoutTransaction { database in
                    try database.execute(sql: "pragma synchronous = full")
                    try database.beginTransaction(.immediate)
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                throw LedgerFileError.busy(path: path)
            }
            return FileHold(connection)
        }
    }
}
