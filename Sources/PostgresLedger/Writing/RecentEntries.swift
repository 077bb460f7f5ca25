import Inventory
import Postgres
import Synchronization

/// The last entries that this process committed. When the ledger goes on in another history, they are compared with it: a
/// standby that was promoted may lack the last commits.
final class RecentEntries: Sendable {
    private let state = Mutex(RecentEntriesState())
    private let observer: any LedgerObserver

    init(observer: any LedgerObserver) {
        self.observer = observer
    }

    /// Adds what was committed; compares the earlier ones first if they were committed in another history.
    func add(_ audit: [AuditEntry], in history: History, _ connections: Pool) async {
        let committed = audit.map(CommitProof.init)
        guard let former = state.withLock({ $0.add(committed, in: history) }) else { return }
        do {
            let lost = try await connections.run { session in
                try session.execute(
                    Self.missing, .int64s(former.entries.map(\.storeID.rawValue)),
                    .int64s(former.entries.map(\.position.rawValue)), .byteArrays(former.entries.map(\.hash.bytes))
                ).map {
                    EntryKey(
                        storeID: StoreID(rawValue: try $0.int64(0)), position: Position(rawValue: try $0.int64(1)))
                }
            }
            observer.observe(
                .historyChanged(from: former.history, to: history, compared: former.entries.count, lost: lost))
        } catch {
            state.withLock { $0.restore(former) }
            observer.observe(.readFailed(error))
        }
    }

    private static let missing = Statement(
        "entries.missing",
        """
        select e.store_id, e.position from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as e (store_id, position, hash)
        left join audit_log a on a.store_id = e.store_id and a.position = e.position
        where a.hash is distinct from e.hash order by 1, 2
        """)
}

/// Which entries are to be compared, and when. Does no I/O: ``RecentEntries`` does it.
struct RecentEntriesState {
    struct Former {
        let history: History
        let entries: [CommitProof]
    }

    /// Of these, the oldest are forgotten: they are more than a standby lacks whose replication works.
    static let maximum = 10_000

    private var history: History?
    /// A lane may be the last to say what it committed in the history before.
    private var formerHistory: History?
    private var entries: [CommitProof] = []
    /// The oldest, once there are as many as may be.
    private var oldest = 0

    /// - Returns: What was added in the history before, the first time that a later one is seen.
    mutating func add(_ committed: [CommitProof], in history: History) -> Former? {
        var former: Former?
        if let last = self.history, last != history, formerHistory != history {
            former = Former(history: last, entries: entries)
            (entries, oldest, formerHistory) = ([], 0, last)
        }
        if formerHistory != history { self.history = history }
        for entry in committed { append(entry) }
        return former
    }

    /// They could not be compared: the next ``add(_:in:)`` returns them again.
    mutating func restore(_ former: Former) {
        let later = entries
        (entries, oldest, history, formerHistory) = ([], 0, former.history, nil)
        for entry in former.entries + later { append(entry) }
    }

    private mutating func append(_ entry: CommitProof) {
        if entries.count < Self.maximum {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.maximum
        }
    }
}
