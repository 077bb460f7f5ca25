/// The version of a product or store.
public struct Version: Hashable, Sendable {
    public let position: Position
    public let history: History

    public init(_ position: Position, in history: History) {
        self.position = position
        self.history = history
    }
}

/// The versions that a change applies to: those that its author has seen.
public enum VersionCondition: Hashable, Sendable {
    case any
    case oneOf([Version])

    func admits(_ version: Version) -> Bool {
        switch self {
        case .any: true
        case .oneOf(let versions): versions.contains(version)
        }
    }
}
