import Basics
import GRDB

/// The write lock on a ledger's file, kept from one step to the next while the last of it is copied: meanwhile everybody
/// can read the file, and nobody else can record anything in it.
public final class FileHold: Sendable {
    /// Of its own, because it stays in its transaction between calls.
    private let connection: DatabaseQueue

    fileprivate init(_ connection: DatabaseQueue) {
        self.connection = connection
    }

    /// Notes where the ledger is now, and lets go. From then on nothing is recorded in the file. Blocks its thread until
    /// that is on the disk.
    ///
    /// If it throws, it is not certain that the file is as it was: that shows when it is opened again.
    public func close(_ destination: LedgerDestination) throws {
        try connection.writeWithoutTransaction { database in
            if try LedgerDestination.find(in: database) == nil { try destination.insert(into: database) }
            try database.commit()
        }
    }

    /// Lets go.
    public func release() async {
        // Closing ends a transaction that is left; it wrote nothing, so nothing is lost if that fails.
        try? await onBlockingThread { [connection] in try connection.close() }
    }
}

extension SQLiteLedger {
    /// Waits its turn among those who write.
    /// - Throws: `LedgerFileError.busy`, if it does not come in time.
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
