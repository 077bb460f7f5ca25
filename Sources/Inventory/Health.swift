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

    /// For example `primary:responseTime`.
    public let name: String
    public let status: Status
    public let observed: Double?
    public let unit: String?
    /// What is wrong, unless it passes. Visible without a credential: must not contain hosts or secrets.
    public let output: String?

    public init(name: String, status: Status, observed: Double? = nil, unit: String? = nil, output: String? = nil) {
        self.name = name
        self.status = status
        self.observed = observed
        self.unit = unit
        self.output = output
    }
}

/// Reports the health of its components, within a second or two.
public protocol HealthReporting: Sendable {
    func health() async -> [ComponentHealth]

    /// Whether reads can be served.
    func isReady() async -> Bool
}
