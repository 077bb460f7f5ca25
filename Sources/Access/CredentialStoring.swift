public import Inventory

/// Stores API keys and users. The store sets `createdAt`, `number`, `revokedAt` and `disabledAt`.
///
/// All methods throw `.unavailable`, `.overloaded`; those that change something also `.outcomeUnknown`.
public protocol CredentialStoring: Sendable {
    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord?
    func addAPIKey(_ key: NewAPIKey) async throws(LedgerError) -> APIKeyRecord
    /// In the order of creation.
    func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber>
    /// Revokes a key, or leaves it revoked.
    /// - Throws: `.notFound`.
    func revokeAPIKey(_ id: String) async throws(LedgerError)
    /// Records when keys, by id, were last used. Ignores keys that do not exist or have a later use.
    func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError)

    func user(_ name: UserName) async throws(LedgerError) -> UserRecord?
    /// - Throws: `.refused(.alreadyExists("name"))`, also if the user with the name is disabled.
    func addUser(_ user: NewUser) async throws(LedgerError) -> UserRecord
    /// In order of names.
    func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName>
    /// Disables a user, or leaves them disabled.
    /// - Throws: `.notFound`.
    func disableUser(_ name: UserName) async throws(LedgerError)
}

/// All keys and users, including revoked and disabled ones, for moving them to another store.
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
