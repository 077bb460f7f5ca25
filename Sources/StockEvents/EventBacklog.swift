import Basics
import Inventory

/// What a receiver of all ledgers has, and which ledgers have more. Does no I/O.
///
/// A ledger whose events fail waits, and then goes on with few at a time: one that is refused again and again must not
/// make many behind it be published as often.
struct EventBacklog {
    /// Events of several ledgers, each ledger's in order.
    struct Page {
        fileprivate(set) var events: [ChangeEvent] = []
        fileprivate var ledgers: [(storeID: StoreID, range: Range<Int>, isLast: Bool)] = []
        /// Why entries of ledgers were not read.
        fileprivate(set) var failures: [any Error] = []
    }

    /// Of one page, and the entries of each ledger that it takes.
    static let maximumEvents = 1_000
    private static let maximumLedgers = 250

    private struct Hold {
        /// The maximum events of the ledger in the next page.
        var window: Int
        var until: ContinuousClock.Instant
        var backoff = Backoff(from: .seconds(1), upTo: .seconds(10))
    }

    private var cursor: ChangeCursor
    private var behind: Set<StoreID> = []
    private var held: [StoreID: Hold] = [:]

    init(_ cursors: [SubscriptionCursor]) {
        cursor = ChangeCursor(cursors)
    }

    /// - Parameter heads: Of all ledgers.
    /// - Throws: `.historyChanged` if a ledger does not have what the receiver has.
    mutating func update(all heads: [LedgerHead]) throws(LedgerError) {
        behind = Set(try cursor.keysBehind(heads).map(\.storeID))
        held = held.filter { behind.contains($0.key) }
    }

    /// - Parameter heads: Of ledgers that changed.
    mutating func update(_ heads: [StoreID: Position]) {
        for (store, position) in heads where position > cursor.position(of: store) { behind.insert(store) }
    }

    /// What to read next, by store; the ledgers take turns.
    mutating func nextKeys(at now: ContinuousClock.Instant) -> [EntryKey] {
        let stores = behind.filter { held[$0].map { $0.until <= now } ?? true }.sorted()
        let next = cursor.last.flatMap { last in stores.firstIndex { $0 > last } } ?? 0
        let chosen = (stores[next...] + stores[..<next]).prefix(Self.maximumLedgers)
        cursor.last = chosen.last
        return chosen.sorted().map { EntryKey(storeID: $0, position: cursor.position(of: $0)) }
    }

    static func share(of keys: [EntryKey]) -> Int { maximumEvents / keys.count }

    /// - Parameter entries: Those from the keys on, one more than the share of each ledger.
    /// - Throws: `.historyChanged`
    mutating func page(
        _ keys: [EntryKey], _ entries: [AuditEntry], at now: ContinuousClock.Instant
    ) throws(LedgerError) -> Page {
        var page = Page()
        var rest = entries[...]
        for key in keys {
            let own = rest.prefix { $0.storeID == key.storeID }
            rest = rest[own.endIndex...]
            let limit = min(Self.share(of: keys), held[key.storeID]?.window ?? .max)
            let start = page.events.count
            do throws(LedgerError) {
                page.events += try cursor.events(after: key, in: own, limit: limit)
            } catch {
                if case .historyChanged = error { throw error }
                page.failures.append(error)
                hold(key.storeID, at: now)
                continue
            }
            let isLast = page.events.count - start < limit
            page.ledgers.append((key.storeID, start..<page.events.count, isLast))
        }
        return page
    }

    /// - Parameter outcomes: Of the page's events.
    /// - Returns: Where the receiver stands in the ledgers that it got events of.
    mutating func settle(
        _ page: Page, _ outcomes: [Result<Void, any Error>], at now: ContinuousClock.Instant
    ) -> [SubscriptionCursor] {
        var cursors: [SubscriptionCursor] = []
        for (store, range, isLast) in page.ledgers {
            let confirmed = page.events[range].prefix(outcomes[range].prefix { $0.failure == nil }.count)
            if let last = confirmed.last {
                cursors.append(last.cursor)
                cursor.add(last.cursor)
            }
            if confirmed.count < range.count {
                hold(store, at: now, confirmed: confirmed.count)
            } else {
                extend(store)
                if isLast { behind.remove(store) }
            }
        }
        return cursors
    }

    private mutating func hold(_ store: StoreID, at now: ContinuousClock.Instant, confirmed: Int = 0) {
        var hold = held[store] ?? Hold(window: 1, until: now)
        hold.window = max(1, confirmed)
        if confirmed > 0 { hold.backoff.reset() }
        hold.until = now + hold.backoff.delay()
        held[store] = hold
    }

    /// All of its events are confirmed.
    private mutating func extend(_ store: StoreID) {
        guard var hold = held[store] else { return }
        hold.window *= 2
        hold.backoff.reset()
        held[store] = hold.window < Self.maximumEvents ? hold : nil
    }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
