import GRDB
import Inventory
import Synchronization

/// What reading and writing told of the file, for who writes next and for who asks how the ledger does.
final class FileCondition: Sendable {
    private struct State {
        /// Why the last transaction could not be written.
        var trouble: String?
        /// What is damaged: that does not pass.
        var damage: String?
    }

    private let state = Mutex(State())
    private let observer: any LedgerFileObserver

    init(observer: any LedgerFileObserver) {
        self.observer = observer
    }

    /// In SQLite's words, without the path.
    var damage: String? { state.withLock { $0.damage } }

    /// For people, without the path.
    var whatIsWrong: String? {
        state.withLock { state in
            state.damage.map { "the file is damaged, restore a backup: \($0)" }
                ?? state.trouble.map { "no writes: \($0)" }
        }
    }

    func succeeded() {
        state.withLock { $0.trouble = nil }
    }

    func failed(_ error: any Error) {
        let reason = (error as? DatabaseError)?.reason ?? "the disk fails"
        state.withLock { $0.trouble = reason }
    }

    func moved() {
        state.withLock { $0.trouble = "the ledger was moved to another place" }
    }

    /// Damage was met. The observer is told the first time.
    /// - Returns: The error that it is, for a ledger's users.
    func damaged(_ report: String) -> LedgerError {
        let isNew = state.withLock { state in
            defer { state.damage = state.damage ?? report }
            return state.damage == nil
        }
        if isNew { observer.observe(.damaged(report)) }
        return .damaged(report: report)
    }
}

extension DatabaseError {
    /// Whether a page is not what it was when it was written.
    var isDamage: Bool { resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB }
}
