import Inventory

/// The next changes, and where they leave their reader.
public struct ChangePage: Sendable {
    /// Each ledger's in order, without gaps.
    public let events: [ChangeEvent]
    public let cursor: ChangeCursor
    /// Where the ledgers end, if there are no events.
    var ends: [StoreID: Position] = [:]
}

extension ChangeCursor {
    /// The ledgers that have changes after this cursor, those after the last one served first.
    /// For the ledgers that have none, the cursor has the hash of the last entry from then on.
    /// - Throws: `.historyChanged` if a ledger does not have what the cursor's reader has seen.
    mutating func keysBehind(_ heads: [LedgerHead]) throws(LedgerError) -> [EntryKey] {
        var keys: [EntryKey] = []
        for head in heads {
            let seen = seen[head.storeID] ?? Seen(.zero, hash: [])
            guard seen.position <= head.position else { throw .historyChanged }
            if seen.position < head.position {
                keys.append(EntryKey(storeID: head.storeID, position: seen.position))
            } else {
                guard head.hash.bytes.starts(with: seen.hash) else { throw .historyChanged }
                add(head)
            }
        }
        guard Set(seen.keys).isSubset(of: heads.map(\.storeID)) else { throw .historyChanged }
        keys.sort { $0.storeID < $1.storeID }
        let next = last.flatMap { last in keys.firstIndex { $0.storeID > last } } ?? 0
        return Array(keys[next...] + keys[..<next])
    }

    /// The page of entries from these keys on.
    /// - Parameter share: The events of each ledger.
    func page(_ keys: [EntryKey], _ entries: [AuditEntry], share: Int) throws(LedgerError) -> ChangePage {
        var cursor = self
        var events: [ChangeEvent] = []
        let entries = Dictionary(grouping: entries, by: \.storeID)
        for key in keys {
            let new = try self.events(after: key, in: entries[key.storeID, default: []][...], limit: share)
            events += new
            if let last = new.last { cursor.add(last.storeID, Seen(last)) }
            cursor.last = key.storeID
        }
        return ChangePage(events: events, cursor: cursor)
    }

    /// What follows a key in a ledger.
    /// - Parameter entries: The ledger's, from the key's own on.
    func events(
        after key: EntryKey, in entries: ArraySlice<AuditEntry>, limit: Int
    ) throws(LedgerError) -> [ChangeEvent] {
        var (new, hash) = (entries, AuditHash.origin)
        if key.position > .zero {
            guard let known = new.popFirst(), known.position == key.position,
                known.hash.bytes.starts(with: seen[key.storeID]?.hash ?? [])
            else { throw .historyChanged }
            hash = known.hash
        }
        var events: [ChangeEvent] = []
        var position = key.position
        for entry in new.prefix(limit) {
            // The log's own proof: nothing is missing, and nothing was changed.
            guard entry.position == position.next, entry.hash(following: hash) == entry.hash else {
                throw .internalFailure
            }
            events.append(ChangeEvent(entry, following: hash))
            (position, hash) = (entry.position, entry.hash)
        }
        return events
    }
}
