import Access
import InventoryHTTP
import RateLimiting

extension Settings {
    private static let rates = 1...RatePolicy.maximumPerSecond
    private static let usual = RatePolicies()

    @SettingsBuilder
    static var rateLimits: [Setting] {
        Setting(
            "rate_limits.enabled", \.limitsRates,
            """
            All instances share the rates through Redis; without Redis each counts on its own. Requests beyond a rate get
            429 `quota-exceeded`. Keys and users may have their own rates.
            """)
        Setting(
            "rate_limits.reads_per_second", \.rates.reads.perSecond, in: rates,
            """
            For each principal, on average; a batch costs as much as its lines. The burst size is a quarter of a second's
            worth, but at least 10, unless set with reads_burst and writes_burst.
            """)
        Setting("rate_limits.writes_per_second", \.rates.writes.perSecond, in: rates)
        Setting("rate_limits.reads_burst", \.rates.reads.atOnce, in: rates, example: "\(usual.reads.burst)")
        Setting("rate_limits.writes_burst", \.rates.writes.atOnce, in: rates, example: "\(usual.writes.burst)")
        Setting(
            "rate_limits.address_per_second", \.rates.address.perSecond, in: rates,
            "For each client address (64 bits of an IPv6 address), for requests that are not authenticated yet.")
        Setting("rate_limits.address_burst", \.rates.address.atOnce, in: rates)
        for role in Role.allCases {
            Setting(
                "rate_limits.\(role.rawValue).reads_per_second", \.rates[role, .read], in: rates,
                example: "\(usual.reads.permitsPerSecond)", "For each \(role.rawValue), instead of the above.")
            Setting(
                "rate_limits.\(role.rawValue).writes_per_second", \.rates[role, .write], in: rates,
                example: "\(usual.writes.permitsPerSecond)")
        }
        Setting(
            "proxies.trusted", \.trustedProxies, example: "10.0.0.0/8, 2001:db8::/32",
            """
            The trusted proxies, as address ranges separated by commas: X-Forwarded-For is only used if it is from one of
            them. By default the client's address is that of the connection.
            """)
    }

    /// - Throws: `SettingsError` for a burst without a rate: it would apply to a rate that is not visible beside it.
    func checkBursts(_ source: SettingsSource) throws(SettingsError) {
        for name in ["reads", "writes", "address"] {
            let (rate, burst) = ("rate_limits.\(name)_per_second", "rate_limits.\(name)_burst")
            guard source.has(rate) || !source.has(burst) else {
                throw SettingsError("\(burst) is set: set \(rate) too")
            }
        }
    }

    var proxies: TrustedProxies {
        get throws(SettingsError) {
            TrustedProxies(try Self.ranges(trustedProxies, of: "proxies.trusted"))
        }
    }

    /// Ranges of addresses, separated by commas.
    static func ranges(_ list: String?, of key: String) throws(SettingsError) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for text in (list ?? "").split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let range = AddressRange(text: text) else {
                throw SettingsError(
                    "\(key): \"\(text)\" is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32")
            }
            ranges.append(range)
        }
        return ranges
    }
}

extension RatePolicy {
    /// Also sets the burst, to the default for the rate.
    fileprivate var perSecond: Int {
        get { permitsPerSecond }
        set { self = RatePolicy(permitsPerSecond: newValue) }
    }

    fileprivate var atOnce: Int {
        get { burst }
        set { self = RatePolicy(permitsPerSecond: permitsPerSecond, burst: newValue) }
    }
}

extension RatePolicies {
    fileprivate subscript(role: Role, kind: RequestKind) -> Int? {
        get { kind == .read ? roles[role]?.reads?.permitsPerSecond : roles[role]?.writes?.permitsPerSecond }
        set {
            let policy = newValue.map { RatePolicy(permitsPerSecond: $0) }
            switch kind {
            case .read: roles[role, default: Pair()].reads = policy
            case .write: roles[role, default: Pair()].writes = policy
            }
        }
    }
}
