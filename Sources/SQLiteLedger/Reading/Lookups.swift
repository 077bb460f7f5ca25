import GRDB
import Synchronization

/// A connection for reads of a few rows by their keys, in microseconds: on the caller's thread, because handing that to
/// another one takes longer.
final class Lookups: Sendable {
    /// `nil` once it is closed.
    private let connection: Mutex<DatabaseQueue?>

    init(_ connection: DatabaseQueue) {
        self.connection = Mutex(connection)
    }

    /// - Returns: `nil` if it is closed, or would have to wait for somebody who keeps the file locked.
    func read<Value: Sendable>(_ read: (Database) throws -> Value) throws -> Value? {
        try connection.withLock { connection in
            do {
                return try connection?.read(read)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                return nil
            }
        }
    }

    func close() throws {
        try connection.withLock { connection in
            try connection?.close()
            connection = nil
        }
    }
}
