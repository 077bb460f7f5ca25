import GRDBSQLite
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Makes reads of one database wait, as a disk does that hangs, by putting itself between SQLite and the files. There is
/// one for the process, so its tests run one after the other.
enum StalledDisk {
    static let isStalled = Atomic(false)
    /// Whether a read has come to wait.
    static let isAwaited = Atomic(false)

    /// - Parameter database: The path of one that `body` opens.
    static func with(_ database: String, _ body: () async throws -> Void) async throws {
        precondition(isInstalled, "SQLite reads through this")
        path.withLock { $0 = database }
        defer {
            path.withLock { $0 = nil }
            isStalled.store(false, ordering: .relaxed)
        }
        try await body()
    }

    private static let path = Mutex<String?>(nil)

    /// SQLite keeps what it is given for as long as the process runs.
    private static let isInstalled: Bool = {
        guard let system = sqlite3_vfs_find(nil) else { return false }
        let disk = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        disk.initialize(to: system.pointee)
        disk.pointee.zName = UnsafePointer(strdup("stalled"))
        disk.pointee.xOpen = { _, name, file, flags, result in
            let system = sqlite3_vfs_find("unix")
            guard let open = system?.pointee.xOpen else { return SQLITE_CANTOPEN }
            let code = open(system, name, file, flags, result)
            // The database, and its log.
            if code == SQLITE_OK, let name, let path = StalledDisk.path.withLock({ $0 }),
                String(cString: name).hasPrefix(path), let file, let original = file.pointee.pMethods
            {
                file.pointee.pMethods = StalledDisk.methods(over: original)
            }
            return code
        }
        return sqlite3_vfs_register(disk, 1) == SQLITE_OK
    }()

    private typealias Read =
        @convention(c) (UnsafeMutablePointer<sqlite3_file>?, UnsafeMutableRawPointer?, CInt, sqlite3_int64) -> CInt
    private static let read = Mutex<Read?>(nil)

    private static func methods(
        over original: UnsafePointer<sqlite3_io_methods>
    ) -> UnsafePointer<sqlite3_io_methods> {
        read.withLock { $0 = original.pointee.xRead }
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: original.pointee)
        methods.pointee.xRead = { file, bytes, count, offset in
            while StalledDisk.isStalled.load(ordering: .relaxed) {
                StalledDisk.isAwaited.store(true, ordering: .relaxed)
                usleep(1_000)
            }
            return StalledDisk.read.withLock { $0 }?(file, bytes, count, offset) ?? SQLITE_IOERR
        }
        return UnsafePointer(methods)
    }
}
