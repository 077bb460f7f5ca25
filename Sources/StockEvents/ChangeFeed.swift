public import Inventory
public import ServiceLifecycle

/// The changes of ledgers, in order and complete, for readers that follow them.
///
/// The ledger itself is the source. A reader at its end waits until this process commits a change, or until the next of
/// the regular looks at the ledger shows one that another process committed.
///
/// Runs as a service; once it is closed, nobody waits any more.
public struct ChangeFeed: Service {
    private let ledger: any ChangeReading
    private let waiters: ChangeWaiters
    private let interval: Duration

    /// - Parameters:
    ///   - waiters: Receives the commits of this process.
    ///   - interval: Between two looks at the ledger, while somebody waits.
    public init(ledger: any ChangeReading, waiters: ChangeWaiters, interval: Duration = .milliseconds(250)) {
        self.ledger = ledger
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
                if !stores.isEmpty, let heads = try? await ledger.heads(of: .only(stores)) { waiters.wake(heads) }
            }
        }
    }

    /// Where the ledgers end: a reader that starts there gets what changes from now on.
    /// - Throws: `LedgerError`, as `.notFound` if none of the ledgers exists; ``TooManyLedgers``.
    public func end(of scope: StoreScope) async throws -> ChangeCursor {
        ChangeCursor(heads: try await heads(of: scope))
    }

    /// The changes after a cursor: at least one, unless there is none until the deadline.
    /// - Parameters:
    ///   - scope: The ledgers; the catalog's is among all.
    ///   - limit: Of the events of all ledgers.
    /// - Throws: `LedgerError`, as `.historyChanged` if a ledger does not have what the reader has seen, `.notFound` if
    ///   none of the ledgers exists, `.overloaded` if too many readers wait; ``TooManyLedgers``.
    public func page(
        after cursor: ChangeCursor, of scope: StoreScope, limit: Int, until deadline: ContinuousClock.Instant
    ) async throws -> ChangePage {
        while true {
            let heads = try await heads(of: scope)
            let behind = try cursor.keysBehind(heads).prefix(limit)
            if !behind.isEmpty { return try await page(after: cursor, Array(behind), limit) }
            guard .now < deadline, !waiters.isClosed, !Task.isCancelled else {
                return ChangePage(events: [], cursor: cursor)
            }
            try await waiters.wait(beyond: heads, until: deadline)
        }
    }

    private func page(
        after cursor: ChangeCursor, _ keys: [EntryKey], _ limit: Int
    ) async throws(LedgerError) -> ChangePage {
        let share = max(1, limit / keys.count)
        let found = try await ledger.changes(from: keys, limit: share + 1)
        // It may be a replica's that lost the primary, and with it the knowledge of the history.
        guard found.unproven == nil else { throw .unavailable }
        return try cursor.page(keys, found.value, share: share)
    }

    private func heads(of scope: StoreScope) async throws -> [LedgerHead] {
        let heads = try await ledger.heads(of: scope)
        guard !heads.isEmpty else { throw LedgerError.notFound }
        guard heads.count <= ChangeCursor.maximumLedgers else { throw TooManyLedgers() }
        return heads
    }
}

/// More ledgers than one reader may follow, which is ``ChangeCursor/maximumLedgers``.
public struct TooManyLedgers: Error {}
