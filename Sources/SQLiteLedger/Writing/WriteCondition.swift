import GRDB
import Synchronization

/// Whether the last transaction could be written, for who asks how the ledger does.
final class WriteCondition: Sendable {
    /// What is wrong, without the path.
    private let trouble = Mutex<String?>(nil)

    var whatIsWrong: String? { trouble.withLock { $0 } }

    func succeeded() {
        trouble.withLock { $0 = nil }
    }

    func failed(_ error: any Error) {
        let reason = (error as? DatabaseError)?.reason ?? "the disk fails"
        trouble.withLock { $0 = reason }
    }
}
