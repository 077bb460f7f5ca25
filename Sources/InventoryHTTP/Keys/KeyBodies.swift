import Access
import Inventory
import InventoryContract

struct KeyBody: DeclaredBody {
    let name: String
    let grant: Grant
    let expiresAt: Timestamp

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let name = fields.text("name", atMost: limits.input.nameCharacters)
        let role = fields.choice("role", of: Role.allCases.map { ($0.rawValue, $0) })
        let scope = fields.scope("stores")
        expiresAt = fields.expiry(limits)
        let rates = RateOverrides(
            readsPerSecond: fields.optionalInteger("reads_per_second", in: RateOverrides.range).map(Int.init),
            writesPerSecond: fields.optionalInteger("writes_per_second", in: RateOverrides.range).map(Int.init))
        guard let name, let role, let scope else { return nil }
        self.name = name
        grant = Grant(role: role, scope: scope, rates: rates)
    }
}

struct RotationBody: DeclaredBody {
    /// How long the old key stays valid.
    let overlap: Duration
    /// When the new one expires.
    let expiresAt: Timestamp

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        overlap = .seconds(
            (fields.optionalInteger("overlap_hours", in: APIKey.overlapHours) ?? APIKey.standardOverlapHours) * 3_600)
        expiresAt = fields.expiry(limits)
    }
}

extension JSONFields {
    fileprivate mutating func expiry(_ limits: HTTPLimits) -> Timestamp {
        let time = optionalTime("expires_at") ?? limits.keyExpiry
        if time <= .now { refuse("expires_at", "must be in the future") }
        return time
    }

    /// Some stores, or all if the field is missing or null.
    mutating func scope(_ name: String) -> StoreScope? {
        guard let ids = optionalIntegers(name, atMost: StoreScope.maximumStores) else { return .all }
        if let scope = StoreScope(limitedTo: ids) { return scope }
        refuse(name, "must be ids of stores, none of them twice")
        return nil
    }
}
