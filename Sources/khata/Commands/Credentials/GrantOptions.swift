public import Access
public import ArgumentParser
public import Inventory
import InventoryHTTP

/// What a new key or user may do.
struct GrantOptions: ParsableArguments {
    @Option(help: "reader, clerk, manager or admin.")
    var role: Role

    @Option(help: "The ids of the stores to limit access to, such as 1,2 (default: all stores).")
    var stores: StoreList?

    @Option(help: "The allowed reads per second (default: the role's).")
    var readsPerSecond: Int?

    @Option(help: "The allowed writes per second (default: the role's).")
    var writesPerSecond: Int?

    func validate() throws {
        for rate in [readsPerSecond, writesPerSecond] {
            guard rate.map({ RateOverrides.range.contains(Int64($0)) }) ?? true else {
                throw ValidationError(
                    "A rate is from \(RateOverrides.range.lowerBound) to \(RateOverrides.range.upperBound) per second.")
            }
        }
    }

    var grant: Grant {
        Grant(
            role: role, scope: stores?.scope ?? .all,
            rates: RateOverrides(readsPerSecond: readsPerSecond, writesPerSecond: writesPerSecond))
    }
}

/// When a new key expires.
struct ExpiryOptions: ParsableArguments {
    @Option(help: "When the key expires, such as 2027-01-31T00:00:00Z (default: after keys.lifetime_days, a year).")
    var expiresAt: Timestamp?

    @Flag(help: "The key never expires.")
    var never = false

    func validate() throws {
        guard !never || expiresAt == nil else { throw ValidationError("--never and --expires-at exclude each other.") }
    }

    /// - Returns: `nil` for never.
    func date(_ settings: Settings) throws -> Timestamp? {
        if let expiresAt, expiresAt <= .now {
            throw Failure("The key would have expired already, at \(expiresAt).")
        }
        return never ? nil : expiresAt ?? settings.limits.keyExpiry
    }
}

struct OverlapOption: ParsableArguments {
    @Option(help: "How many hours the old one stays valid.")
    var overlapHours = APIKey.standardOverlapHours

    var duration: Duration { .seconds(overlapHours * 3_600) }

    func validate() throws {
        let range = APIKey.overlapHours
        guard range.contains(overlapHours) else {
            throw ValidationError("The overlap is \(range.lowerBound) to \(range.upperBound) hours.")
        }
    }
}

/// Such as `1,2`: 1 to 1,000 unique ids of stores.
struct StoreList: ExpressibleByArgument {
    let scope: StoreScope

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let ids = parts.compactMap { Int64($0) }
        guard ids.count == parts.count, let scope = StoreScope(limitedTo: ids) else { return nil }
        self.scope = scope
    }
}

extension StoreScope {
    /// Such as `1,2` or `all`.
    var list: String { stores.map { $0.map(\.description).joined(separator: ",") } ?? "all" }
}

extension Role: ExpressibleByArgument {}

extension Timestamp: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension Timestamp {
    /// To the second, such as `2026-11-20T19:55:00Z`.
    var short: String { description.prefix(19) + "Z" }
}
