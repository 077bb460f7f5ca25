/// Why a file cannot be used as a ledger. The file is unchanged.
public enum LedgerFileError: Error, CustomStringConvertible {
    case missing(path: String)
    /// Without the file, but with its write-ahead log, which may have its last movements.
    case onlyLog(path: String)
    case cannotBeOpened(path: String, reason: String)
    case notADatabase(path: String)
    /// A database of another program.
    case notALedger(path: String)
    case damaged(path: String, report: String)
    case older(path: String, found: Int, needed: Int)
    case newer(path: String, found: Int, known: Int)
    case libraryTooOld(version: String)
    /// Another process holds its write lock.
    case busy(path: String)
    /// Another process has it open.
    case inUse(path: String)
    /// What is to be made is there.
    case exists(path: String)
    case cannotBeWritten(path: String, reason: String)
    case notCopied(path: String, copy: String, reason: String)
    /// The ledger is elsewhere now.
    case moved(path: String, destination: String)

    public var description: String {
        switch self {
        case .missing(let path):
            "\(path) does not exist: `khata serve` or `khata migrate` creates it"
        case .onlyLog(let path):
            """
            \(path) does not exist, but its log \(path)-wal does: put the file back beside it, or move the log away to \
            begin a new ledger
            """
        case .cannotBeOpened(let path, let reason):
            "\(path) cannot be opened: \(reason)"
        case .notADatabase(let path):
            """
            \(path) is not a database of SQLite, or its beginning is damaged: name another file, or restore a backup; \
            it was left as it is
            """
        case .notALedger(let path):
            "\(path) is a database of another program: name another file; it was left as it is"
        case .damaged(let path, let report):
            "\(path) is damaged: restore a backup; nothing more is written to it. SQLite says: \(report)"
        case .older(let path, let found, let needed):
            "\(path) is at version \(found), and this program needs \(needed): run `khata migrate`"
        case .newer(let path, let found, let known):
            """
            \(path) is at version \(found), and this program knows only up to \(known): use the newer program that \
            wrote it
            """
        case .libraryTooOld(let version):
            "SQLite \(version) is too old: 3.38 or newer is needed"
        case .busy(let path):
            "\(path) is being written to by another process: try again, or stop that process first"
        case .inUse(let path):
            "\(path) is open in another process: stop it first (khata serve, or another command)"
        case .exists(let path):
            "\(path) exists already: nothing was changed"
        case .cannotBeWritten(let path, let reason):
            "\(path) cannot be written: \(reason)"
        case .notCopied(let path, let copy, let reason):
            "\(path) could not be copied to \(copy): \(reason)"
        case .moved(let path, let destination):
            """
            \(path) was moved to \(destination), and a backup in its place would open the shop twice: name another file \
            to look into the backup
            """
        }
    }
}
