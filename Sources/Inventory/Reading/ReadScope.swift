/// The ledgers that a read depends on, apart from the catalog.
public enum ReadScope: Sendable {
    case catalog
    case store(StoreID, isArchivedToo: Bool)
    case allStores

    /// For the history of one store, which outlives the store, or of all.
    public init(historyOf storeID: StoreID?) {
        self = storeID.map { .store($0, isArchivedToo: true) } ?? .allStores
    }
}
