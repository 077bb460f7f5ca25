public import Inventory

/// Where API keys and users are kept. What is not the caller's to say (`createdAt`, `number`, `revokedAt`,
/// `disabledAt`) is the store's to set.
///
/// All throw `.unavailable`, `.overloaded`; what changes something also `.outcomeUnknown`.
public protocol CredentialStoring: Sendable {
    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord?
    func addAPIKey(_ key: NewAPIKey) async throws(LedgerError) -> APIKeyRecord
    /// In the order in which they were made.
    func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber>
    /// Revokes a key, or leaves it revoked.
    /// - Throws: `.notFound`.
    func revokeAPIKey(_ id: String) async throws(LedgerError)
    /// Notes when keys, by id, were last used. Keys that are gone, or were used later already, are passed over.
    func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError)

    func user(_ name: UserName) async throws(LedgerError) -> UserRecord?
    /// - Throws: `.refused(.alreadyExists("name"))`, also when the user who has the name is disabled.
    func addUser(_ user: NewUser) async throws(LedgerError) -> UserRecord
    /// In the order of their names.
    func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName>
    /// Disables a user, or leaves them disabled.
    /// - Throws: `.notFound`.
    func disableUser(_ name: UserName) async throws(LedgerError)
}

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
