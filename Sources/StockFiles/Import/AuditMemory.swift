import Inventory
import Synchronization

/// What of imports is in ledgers that do not keep their keys for good: their audit logs tell it, by the ids of the requests
/// that made the entries.
///
/// Reads a store's log to its end when it first hears of the store, and then holds the ids of this file's parts, and of all
/// rows with an `external_id` that were ever imported there.
final class AuditMemory: Sendable {
    private struct Place: Hashable {
        let storeID: StoreID
        let requestID: String
    }

    private struct Known {
        var stores: Set<StoreID> = []
        var places: Set<Place> = []
    }

    private let ledger: any StockReading
    private let keys: ImportKeys
    private let known = Mutex(Known())

    private static let pageSize = 1_000

    init(of ledger: any StockReading, _ keys: ImportKeys) {
        self.ledger = ledger
        self.keys = keys
    }

    /// Whether a request of this import has an entry in a store's ledger.
    func has(_ context: CommandContext, in storeID: StoreID) async throws(LedgerError) -> Bool {
        if !known.withLock({ $0.stores.contains(storeID) }) { try await read(storeID) }
        return known.withLock { $0.places.contains(Place(storeID: storeID, requestID: context.requestID)) }
    }

    private func read(_ storeID: StoreID) async throws(LedgerError) {
        var query = AuditQuery(storeID: storeID, limit: Self.pageSize)
        repeat {
            let page = try await ledger.audit(query, Freshness()).value
            known.withLock { known in
                for entry in page.items where keys.areOfImport(entry.requestID) {
                    known.places.insert(Place(storeID: storeID, requestID: entry.requestID))
                }
            }
            query.after = page.next
        } while query.after != nil
        _ = known.withLock { $0.stores.insert(storeID) }
    }
}

extension ImportKeys {
    /// Whether an entry with this request id can be one that this import would make.
    fileprivate func areOfImport(_ requestID: String) -> Bool {
        requestID.hasPrefix(requestPrefix) || requestID.hasPrefix(Self.externalPrefix)
    }
}
