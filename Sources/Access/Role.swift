/// A principal's role; each includes the permissions of those before it.
public enum Role: String, CaseIterable, Codable, Comparable, Sendable {
    /// Reads stock, products, stores, reports.
    case reader
    /// And records movements and transfers.
    case clerk
    /// And changes products and stores, reads the audit log.
    case manager
    /// And keys, users, cache, everything.
    case admin

    public static func < (lhs: Role, rhs: Role) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int {
        switch self {
        case .reader: 0
        case .clerk: 1
        case .manager: 2
        case .admin: 3
        }
    }
}
