public import Inventory

/// Who sends a request, and what they may do.
public struct Principal: Hashable, Sendable {
    /// As `key:7f3a…`: the actor in the audit log, and the owner of idempotency keys, cursors and rate limits.
    public let id: String
    public let role: Role
    /// The stores that exist for this principal.
    public let scope: StoreScope
    /// Rates of their own, instead of those of the role.
    public let rates: RateOverrides

    public init(id: String, role: Role, scope: StoreScope = .all, rates: RateOverrides = RateOverrides()) {
        self.id = id
        self.role = role
        self.scope = scope
        self.rates = rates
    }
}

/// The rates that one principal is allowed, in requests per second; `nil` for those of the role.
public struct RateOverrides: Hashable, Sendable {
    public let readsPerSecond: Int?
    public let writesPerSecond: Int?

    public init(readsPerSecond: Int? = nil, writesPerSecond: Int? = nil) {
        self.readsPerSecond = readsPerSecond
        self.writesPerSecond = writesPerSecond
    }
}
