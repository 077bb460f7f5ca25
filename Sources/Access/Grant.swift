public import Inventory

/// What a key or user may do: their role, store scope, and own rates.
public struct Grant: Hashable, Sendable {
    public let role: Role
    public let scope: StoreScope
    public let rates: RateOverrides

    public init(role: Role, scope: StoreScope = .all, rates: RateOverrides = RateOverrides()) {
        self.role = role
        self.scope = scope
        self.rates = rates
    }
}

extension StoreScope {
    /// The maximum number of stores that one credential can be limited to.
    public static let maximumStores = 1_000

    /// - Returns: `nil` unless there are 1 to 1,000 ids, positive and unique.
    public init?(limitedTo ids: [Int64]) {
        guard !ids.isEmpty, let scope = StoreScope(atMost: ids) else { return nil }
        self = scope
    }

    /// Like `init(limitedTo:)`, but without ids, no store is in scope.
    package init?(atMost ids: [Int64]) {
        guard ids.count <= Self.maximumStores, ids.allSatisfy((1...maximumJSONInteger).contains) else { return nil }
        let stores = Set(ids.map(StoreID.init(rawValue:)))
        guard stores.count == ids.count else { return nil }
        self = .only(stores)
    }
}

extension RateOverrides {
    /// The valid rates for one credential, in requests per second.
    public static let range: ClosedRange<Int64> = 1...1_000_000
}
