/// The stores that a principal can see. The catalog's ledger (store 0) is visible only with `all`.
public enum StoreScope: Hashable, Sendable {
    case all
    case only(Set<StoreID>)

    public func contains(_ storeID: StoreID) -> Bool {
        switch self {
        case .all: true
        case .only(let stores): stores.contains(storeID)
        }
    }

    public func union(_ other: StoreScope) -> StoreScope {
        guard case .only(let stores) = self, case .only(let others) = other else { return .all }
        return .only(stores.union(others))
    }

    /// In order; `nil` for all.
    public var stores: [StoreID]? {
        switch self {
        case .all: nil
        case .only(let stores): stores.sorted { $0.rawValue < $1.rawValue }
        }
    }
}
