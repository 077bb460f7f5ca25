/// All keys and users, revoked and disabled ones too, as they are moved from one place to another.
public struct Credentials: Hashable, Sendable {
    /// By number.
    public let keys: [APIKeyRecord]
    /// By name.
    public let users: [UserRecord]

    public init(keys: [APIKeyRecord], users: [UserRecord]) {
        self.keys = keys
        self.users = users
    }
}
