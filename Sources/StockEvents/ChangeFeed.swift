import Basics
public import Inventory
public import ServiceLifecycle
import Synchronization

/// The changes of ledgers, in order and complete, for readers that follow them.
///
/// The ledger itself is the source. A reader at its end waits until this process commits a change, or until the next of
/// the regular looks at the ledger shows one that another process committed.
///
/// Runs as a service; once it is closed, nobody waits any more.
public struct ChangeFeed: Service {
    private let ledger: any ChangeReading
    /// Shared, because one change may wake thousands of readers.
    private let heads: SharedQuery<StoreScope, [StoreID: LedgerHead]>
    private let reads = SharedReads()
    private let waiters: ChangeWaiters
    private let interval: Duration

    /// - Parameters:
    ///   - waiters: Receives the commits of this process.
    ///   - interval: Between two looks at the ledger, while somebody waits.
    public init(ledger: any ChangeReading, waiters: ChangeWaiters, interval: Duration = .milliseconds(250)) {
        self.ledger = ledger
        heads = SharedQuery { scopes in
            let heads = try await ledger.heads(of: scopes.reduce(.only([])) { $0.union($1) })
            return Dictionary(heads.map { ($0.storeID, $0) }, uniquingKeysWith: { $1 })
        }
        self.waiters = waiters
        self.interval = interval
    }

    public var isClosed: Bool { waiters.isClosed }

    /// No reader waits from now on.
    public func close() { waiters.close() }

    public func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil {
                let stores = waiters.awaitedStores(expiring: .now)
                // While the primary cannot be reached, they wait: what they get then is the primary's error.
                if !stores.isEmpty, let heads = try? await heads.value(for: CollectionOfOne(.only(stores))) {
                    waiters.wake(heads.values)
                }
            }
        }
    }

    /// Where the ledgers end: a reader that starts there gets what changes from now on.
    /// - Throws: `LedgerError`, as `.notFound` if none of the ledgers exists; ``TooManyLedgers``.
    public func end(of scope: StoreScope) async throws -> ChangeCursor {
        ChangeCursor(heads: try await heads(of: scope))
    }

    /// Waits through this feed.
    public func follower() -> ChangeFollower { ChangeFollower(waiters) }

    /// The changes after a cursor: at least one, unless there is none until the deadline, or the follower leaves.
    /// - Parameters:
    ///   - scope: The ledgers; the catalog's is among all.
    ///   - limit: Of the events of all ledgers.
    ///   - follower: Who waits, if others are to be able to end that.
    /// - Throws: `LedgerError`, as `.historyChanged` if a ledger does not have what the reader has seen, `.notFound` if
    ///   none of the ledgers exists, `.overloaded` if too many readers wait; ``TooManyLedgers``.
    public func page(
        after cursor: ChangeCursor, of scope: StoreScope, limit: Int, until deadline: ContinuousClock.Instant,
        for follower: ChangeFollower? = nil
    ) async throws -> ChangePage {
        let follower = follower ?? self.follower()
        var page = try await page(after: cursor, of: scope, limit: limit)
        while page.events.isEmpty, .now < deadline, !waiters.isClosed, !follower.hasLeft {
            try await wait(follower, after: page, until: deadline)
            page = try await self.page(after: page.cursor, of: scope, limit: limit)
        }
        return page
    }

    /// Waits until there is a change after an empty page, or as ``page(after:of:limit:until:for:)`` does.
    public func wait(
        _ follower: ChangeFollower, after page: ChangePage, until deadline: ContinuousClock.Instant
    ) async throws(LedgerError) {
        try await waiters.wait(follower, beyond: page.ends, until: deadline)
    }

    /// The changes after a cursor that there are: none, if it is at the end.
    /// - Throws: As ``page(after:of:limit:until:for:)``.
    public func page(after cursor: ChangeCursor, of scope: StoreScope, limit: Int) async throws -> ChangePage {
        var cursor = cursor
        while true {
            let heads = try await heads(of: scope)
            let behind = try cursor.keysBehind(heads).prefix(limit)
            guard !behind.isEmpty else {
                var ends = Dictionary(heads.map { ($0.storeID, $0.position) }, uniquingKeysWith: max)
                // Stores that are created meanwhile; for all, the catalog has an entry then.
                for store in scope.stores ?? [] where ends[store] == nil { ends[store] = .zero }
                return ChangePage(events: [], cursor: cursor, ends: ends)
            }
            let page = try await page(after: cursor, Array(behind), limit)
            // It was another reader's, from before the change, if it is empty.
            if !page.events.isEmpty { return page }
        }
    }

    private func page(
        after cursor: ChangeCursor, _ keys: [EntryKey], _ limit: Int
    ) async throws(LedgerError) -> ChangePage {
        let share = max(1, limit / keys.count)
        let entries = try await reads.entries(from: keys, limit: share + 1, of: ledger)
        return try cursor.page(keys, entries, share: share)
    }

    private func heads(of scope: StoreScope) async throws -> [LedgerHead] {
        let all = try await heads.value(for: CollectionOfOne(scope))
        let heads = if let stores = scope.stores { stores.compactMap { all[$0] } } else { Array(all.values) }
        guard !heads.isEmpty else { throw LedgerError.notFound }
        guard heads.count <= ChangeCursor.maximumLedgers else { throw TooManyLedgers() }
        return heads
    }
}

/// More ledgers than one reader may follow, which is ``ChangeCursor/maximumLedgers``.
public struct TooManyLedgers: Error {}

/// Reads what several readers need at the same time once. Entries never change, so it does not matter when a read began.
private final class SharedReads: Sendable {
    private struct Key: Hashable {
        let keys: [EntryKey]
        let limit: Int
    }

    private typealias Reader = CheckedContinuation<Result<[AuditEntry], LedgerError>, Never>

    private let readers = Mutex<[Key: [Reader]]>([:])

    func entries(
        from keys: [EntryKey], limit: Int, of ledger: any ChangeReading
    ) async throws(LedgerError) -> [AuditEntry] {
        let key = Key(keys: keys, limit: limit)
        return try await withCheckedContinuation { (reader: Reader) in
            let isFirst = readers.withLock { readers in
                readers[key, default: []].append(reader)
                return readers[key]?.count == 1
            }
            // An unstructured task: cancelling the first reader must not affect the others.
            if isFirst { Task { await read(key, ledger) } }
        }.get()
    }

    private func read(_ key: Key, _ ledger: any ChangeReading) async {
        let result = await Result.of { () async throws(LedgerError) in
            try await ledger.provenChanges(from: key.keys, limit: key.limit)
        }
        for reader in readers.withLock({ $0.removeValue(forKey: key) }) ?? [] { reader.resume(returning: result) }
    }
}
