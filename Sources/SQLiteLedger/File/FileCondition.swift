import GRDB
import Inventory
import Synchronization

/// The condition of the file, as seen by reads and writes: for later writes, and for the ledger's health.
final class FileCondition: Sendable {
    private struct State {
        /// Why the last transaction failed.
        var failure: String?
        /// The damage, which is permanent.
        var damage: String?
    }

    private let state = Mutex(State())
    private let observer: any LedgerFileObserver

    init(observer: any LedgerFileObserver) {
        self.observer = observer
    }

    /// In SQLite's words, without the path.
    var damage: String? { state.withLock { $0.damage } }

    /// What is wrong with the file, without the path.
    var defect: String? {
        state.withLock { state in
            state.damage.map { "the file is damaged, restore a backup: \($0)" }
                ?? state.failure.map { "no writes: \($0)" }
        }
    }

    func succeeded() {
        state.withLock { $0.failure = nil }
    }

    func failed(_ error: any Error) {
        // Health sees itself whether the file is in its place.
        guard !(error is FileDisplaced) else { return }
        let reason = (error as? DatabaseError)?.reason ?? "the disk fails"
        state.withLock { $0.failure = reason }
    }

    func moved() {
        state.withLock { $0.failure = "the ledger was moved to another place" }
    }

    /// Records damage. The observer is called the first time.
    /// - Returns: The ledger's error for it.
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
    /// Whether a page differs from what was written.
    var isDamage: Bool { resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB }
}
