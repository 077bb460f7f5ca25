/// The health of one component of the service.
public struct ComponentHealth: Sendable {
    public enum Status: String, Comparable, Sendable {
        case pass, warn, fail

        public static func < (lhs: Status, rhs: Status) -> Bool { lhs.severity < rhs.severity }

        private var severity: Int {
            switch self {
            case .pass: 0
            case .warn: 1
            case .fail: 2
            }
        }
    }

    /// As `primary:responseTime`.
    public let name: String
    public let status: Status
    public let observed: Double?
    public let unit: String?
    /// What is wrong, unless it passes. Shown without a token: names no host and no secret.
    public let output: String?

    public init(name: String, status: Status, observed: Double? = nil, unit: String? = nil, output: String? = nil) {
        self.name = name
        self.status = status
        self.observed = observed
        self.unit = unit
        self.output = output
    }
}

/// Something that can say how its components do, within a second or two.
public protocol HealthReporting: Sendable {
    func health() async -> [ComponentHealth]

    /// Whether reads can be answered.
    func isReady() async -> Bool
}
