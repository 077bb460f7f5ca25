public import Inventory

/// The sender of a request, and their permissions.
public struct Principal: Hashable, Sendable {
    /// Such as `key:7f3a…`: the actor in the audit log, and the owner of idempotency keys, cursors and rate limits.
    public let id: String
    public let role: Role
    /// The stores that exist for this principal.
    public let scope: StoreScope
    /// Override the role's rates.
    public let rates: RateOverrides

    public init(id: String, role: Role, scope: StoreScope = .all, rates: RateOverrides = RateOverrides()) {
        self.id = id
        self.role = role
        self.scope = scope
        self.rates = rates
    }

    /// The user who logged in with a password; `nil` for a key or a token.
    package var userName: UserName? { id.hasPrefix("user:") ? UserName(String(id.dropFirst(5))) : nil }
}

/// A principal's own rates, in requests per second; `nil` for those of the role.
public struct RateOverrides: Hashable, Sendable {
    public let readsPerSecond: Int?
    public let writesPerSecond: Int?

    public init(readsPerSecond: Int? = nil, writesPerSecond: Int? = nil) {
        self.readsPerSecond = readsPerSecond
        self.writesPerSecond = writesPerSecond
    }
}
