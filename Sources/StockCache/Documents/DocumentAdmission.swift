import NIOCore
import Synchronization

/// Decides which documents are stored, so that one reader's ever new pages do not push out what all read: those that
/// replace an older version, or else were missed before, are not large, and are within their reader's share.
final class DocumentAdmission: Sendable {
    static let maximumBytes = 128 << 10
    /// The bytes of new documents that one reader's requests may store in a minute.
    static let bytesPerMinute = 16 << 20

    /// In each of two generations; the older one is dropped when the younger one is full.
    private static let maximumMissed = 16_384
    private static let maximumReaders = 10_000

    private struct State {
        /// The documents that were missed, and whether more than once. By hash values, which nobody can foresee.
        var young: [Int: Bool] = [:]
        var old: [Int: Bool] = [:]
        var spent: [String: Int] = [:]
        var minuteBegan = ContinuousClock.now

        func wasMissedBefore(_ key: DocumentKey) -> Bool { young[key.hashValue] ?? old[key.hashValue] ?? false }
    }

    /// What Redis takes for a document besides its body and its name, which is in the keys of the document and of its lease.
    private static let overheadBytes = 512

    private let state = Mutex(State())

    /// Records a caller's miss.
    func noteMiss(_ key: DocumentKey) {
        let hash = key.hashValue
        state.withLock { state in
            let wasMissed = state.young[hash] != nil || state.old[hash] != nil
            if state.young.count >= Self.maximumMissed { (state.old, state.young) = (state.young, [:]) }
            state.young[hash] = wasMissed
        }
    }

    /// Whether the document is likely to be stored, so that other processes may wait for it.
    /// - Parameters:
    ///   - reader: `nil` to store it in any case.
    ///   - isStored: Whether an older version is.
    func expects(_ key: DocumentKey, for reader: String?, isStored: Bool) -> Bool {
        isStored || reader == nil || state.withLock { $0.wasMissedBefore(key) }
    }

    /// Whether the document may be stored. Charges its reader if it is new.
    func admits(
        _ document: Document, _ key: DocumentKey, for reader: String?, isStored: Bool,
        at now: ContinuousClock.Instant = .now
    ) -> Bool {
        guard let reader else { return true }
        guard document.body.readableBytes <= Self.maximumBytes else { return false }
        let bytes = document.body.readableBytes + 2 * key.name.utf8.count + Self.overheadBytes
        return isStored
            || state.withLock { state in
                if now - state.minuteBegan >= .seconds(60) { (state.minuteBegan, state.spent) = (now, [:]) }
                let spent = state.spent[reader] ?? (state.spent.count < Self.maximumReaders ? 0 : Self.bytesPerMinute)
                guard state.wasMissedBefore(key), spent + bytes <= Self.bytesPerMinute else { return false }
                state.spent[reader] = spent + bytes
                return true
            }
    }
}
