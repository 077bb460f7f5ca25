import GRDB
import GRDBSQLite
import Synchronization

/// Makes the write-ahead log of one connection fail to reach the disk, by putting itself between SQLite and the file.
/// There is one for the process, so its tests run one after the other.
enum FaultyDisk {
    /// How many synchronisations fail from now on.
    static let failing = Atomic(0)
    /// How many were asked for.
    static let asked = Atomic(0)

    /// The log of a connection that has written something.
    static func replaceLog(of database: Database) throws {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = withUnsafeMutablePointer(to: &file) {
            sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, $0)
        }
        guard code == SQLITE_OK, let file else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        file.pointee.pMethods = methods(over: file.pointee.pMethods)
    }

    private static func methods(
        over original: UnsafePointer<sqlite3_io_methods>
    ) -> UnsafePointer<sqlite3_io_methods> {
        synchronise.withLock { $0 = original.pointee.xSync }
        // SQLite keeps the pointer for as long as the file is open; a test or two may leak it.
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: original.pointee)
        methods.pointee.xSync = { file, flags in
            FaultyDisk.asked.add(1, ordering: .relaxed)
            guard FaultyDisk.failing.load(ordering: .relaxed) == 0 else {
                FaultyDisk.failing.subtract(1, ordering: .relaxed)
                return FaultyDisk.failure
            }
            return FaultyDisk.synchronise.withLock { $0 }?(file, flags) ?? FaultyDisk.failure
        }
        return UnsafePointer(methods)
    }

    private static let synchronise = Mutex<(@convention(c) (UnsafeMutablePointer<sqlite3_file>?, CInt) -> CInt)?>(nil)

    /// `SQLITE_IOERR_FSYNC`, a macro that Swift does not import.
    private static let failure = SQLITE_IOERR | (4 << 8)
}
