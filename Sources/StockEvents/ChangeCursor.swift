import Basics
public import Inventory

/// Where a reader of changes stands in each ledger.
///
/// A failover may lose commits, and then other changes take their positions. So a cursor holds, besides the position,
/// part of the hash of the entry there: the ledger either has this very entry, and everything before it, or the
/// reader is told.
public struct ChangeCursor: Hashable, Sendable {
    struct Seen: Hashable, Sendable {
        let position: Position
        /// The first bytes of the entry's hash, as many as are known.
        let hash: [UInt8]

        init(_ position: Position, hash: [UInt8]) {
            self.position = position
            self.hash = hash
        }

        init(_ event: ChangeEvent) { self.init(event.position, hash: event.cursor.hash.bytes) }
    }

    /// A ledger that is missing has not been read yet.
    private(set) var seen: [StoreID: Seen] = [:]
    /// The store that was served last: with more changes than fit, the following ones are next.
    var last: StoreID?

    /// Before everything.
    public init() {}

    init(heads: [LedgerHead]) {
        for head in heads { add(head) }
    }

    /// The reader has seen a ledger to its end.
    mutating func add(_ head: LedgerHead) { add(head.storeID, Seen(head.position, hash: head.hash.bytes)) }

    init(_ cursors: [SubscriptionCursor]) {
        for cursor in cursors { add(cursor) }
    }

    mutating func add(_ cursor: SubscriptionCursor) {
        add(cursor.storeID, Seen(cursor.position, hash: cursor.hash.bytes))
    }

    /// The position in one ledger; 0 if it has not been read.
    public func position(of store: StoreID) -> Position { seen[store]?.position ?? .zero }

    mutating func add(_ store: StoreID, _ seen: Seen) {
        self.seen[store] = seen.position == .zero ? nil : seen
    }
}

// One ledger: a position, or the id of an event.
extension ChangeCursor {
    /// The id of the last event that the reader has seen of a ledger; its position alone as long as that was not looked up.
    public func eventID(of store: StoreID) -> String {
        guard let seen = seen[store] else { return "0" }
        let hash = seen.hash.prefix(ChangeEvent.hashBytes)
        return hash.isEmpty ? "\(seen.position)" : "\(seen.position)-\(hash.hexadecimal)"
    }

    /// Parses a position, as `42`, or an event's id, as `42-9f86d081884c7d65`.
    public init?(_ text: String, of store: StoreID) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = Int64(ledgerNumber: Substring(parts[0])) else { return nil }
        var hash: [UInt8] = []
        if parts.count == 2 {
            guard let known = [UInt8](hexadecimal: parts[1], count: ChangeEvent.hashBytes) else { return nil }
            hash = known
        }
        add(store, Seen(Position(rawValue: number), hash: hash))
    }
}

// Several ledgers.
extension ChangeCursor {
    /// Of an entry's hash. A cursor is part of a URL, and has some twenty characters for each ledger.
    private static let hashBytes = 4

    /// For clients, opaque: the last store, then each ledger's store, position and hash, as `3~0.7.9f86d081~3.42.7d658b0e`.
    public var text: String {
        seen.sorted { $0.key < $1.key }.reduce(into: last?.description ?? "") { text, ledger in
            let (position, hash) = (ledger.value.position, ledger.value.hash.prefix(Self.hashBytes).hexadecimal)
            text += "~\(ledger.key).\(position).\(hash)"
        }
    }

    /// Parses what ``text`` returned.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false)
        guard parts.count <= 1 + Self.maximumLedgers else { return nil }
        if !parts[0].isEmpty {
            // A position, perhaps: that belongs to one ledger.
            guard parts.count > 1 else { return nil }
            guard let last = Int64(ledgerNumber: Substring(parts[0])) else { return nil }
            self.last = StoreID(rawValue: last)
        }
        for part in parts.dropFirst() {
            let fields = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard fields.count == 3, let store = Int64(ledgerNumber: Substring(fields[0])),
                let position = Int64(ledgerNumber: Substring(fields[1])), position > 0,
                let hash = [UInt8](hexadecimal: fields[2], count: Self.hashBytes)
            else { return nil }
            add(StoreID(rawValue: store), Seen(Position(rawValue: position), hash: hash))
        }
    }

    /// So that a cursor fits into the head of a request, also where proxies allow 8 KB.
    public static let maximumLedgers = 256
}
