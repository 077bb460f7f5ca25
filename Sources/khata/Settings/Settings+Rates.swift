import Access
import InventoryHTTP
import RateLimiting

extension RatePolicies {
    /// - Returns: `nil` if rates are not to be limited.
    /// - Throws: `SettingsError`.
    init?(_ source: SettingsSource) throws(SettingsError) {
        guard try source.flag(.limitsRates) ?? true else { return nil }
        self.init()
        reads = try source.policy(.readsPerSecond, .readsBurst) ?? reads
        writes = try source.policy(.writesPerSecond, .writesBurst) ?? writes
        address = try source.policy(.addressPerSecond, .addressBurst) ?? address
        roles = [
            .reader: try source.policies(.readerReads, .readerWrites),
            .clerk: try source.policies(.clerkReads, .clerkWrites),
            .manager: try source.policies(.managerReads, .managerWrites),
            .admin: try source.policies(.adminReads, .adminWrites),
        ]
    }
}

extension TrustedProxies {
    /// - Throws: `SettingsError`.
    init(_ source: SettingsSource) throws(SettingsError) {
        var ranges: [AddressRange] = []
        for text in (try source.text(.trustedProxies) ?? "").split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let range = AddressRange(text: text) else {
                throw SettingsError(
                    "proxies.trusted: \(text) is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32")
            }
            ranges.append(range)
        }
        self.init(ranges)
    }
}

extension SettingsSource {
    private static var rate: ClosedRange<Int> { 1...RatePolicy.maximumPerSecond }

    fileprivate func policy(_ perSecond: SettingKey, _ burst: SettingKey) throws(SettingsError) -> RatePolicy? {
        let permitsPerSecond = try integer(perSecond, in: Self.rate)
        let burstSize = try integer(burst, in: Self.rate)
        guard let permitsPerSecond else {
            guard burstSize == nil else {
                throw SettingsError("\(burst.rawValue) is set: set \(perSecond.rawValue) too")
            }
            return nil
        }
        return RatePolicy(permitsPerSecond: permitsPerSecond, burst: burstSize)
    }

    fileprivate func policies(_ reads: SettingKey, _ writes: SettingKey) throws(SettingsError) -> RatePolicies.Pair {
        RatePolicies.Pair(
            reads: try integer(reads, in: Self.rate).map { RatePolicy(permitsPerSecond: $0) },
            writes: try integer(writes, in: Self.rate).map { RatePolicy(permitsPerSecond: $0) })
    }
}
