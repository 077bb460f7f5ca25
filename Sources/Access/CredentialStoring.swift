public import Inventory

/// What to store, given what is stored, and the time of the change.
public typealias CredentialChange<Record> = @Sendable (_ stored: [Record], Timestamp) throws(LedgerError) -> [Record]

/// Stores API keys and users, and the log of keys and users: a change and its entry there are one transaction.
///
/// All methods throw `.unavailable`, `.overloaded`; those that change something also `.outcomeUnknown`.
public protocol CredentialStoring: Sendable {
    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord?
    /// Stores keys that are new or changed, and appends what they are then to the log of keys and users, in one
    /// transaction. A key that is left as it was is not logged.
    /// - Parameters:
    ///   - actions: The keys' ids, and what the log calls the changes.
    ///   - change: What to store, in the same order, given those of them that are stored. Runs under the log's lock, with
    ///     the time of the change.
    /// - Returns: The keys after the change.
    func storeAPIKeys(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<APIKeyRecord>
    ) async throws(LedgerError) -> [APIKeyRecord]
    /// In the order of creation.
    func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber>
    /// Records when keys, by id, were last used. Ignores keys that do not exist or have a later use.
    func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError)

    func user(_ name: UserName) async throws(LedgerError) -> UserRecord?
    /// Stores users, as ``storeAPIKeys(_:_:_:)`` does keys.
    func storeUsers(
        _ actions: [(id: UserName, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<UserRecord>
    ) async throws(LedgerError) -> [UserRecord]
    /// In order of names.
    func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName>
}

extension CredentialStoring {
    public func addAPIKey(_ key: NewAPIKey, _ context: CommandContext) async throws(LedgerError) -> APIKeyRecord {
        try await storeAPIKeys([(key.id, .keyCreated)], context) { stored, now throws(LedgerError) in
            guard stored.isEmpty else { throw .internalFailure }
            return [APIKeyRecord(key, createdAt: now)]
        }[0]
    }

    /// - Returns: The key after the change.
    /// - Throws: `.notFound`.
    public func changeAPIKey(
        _ id: String, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout APIKeyRecord, Timestamp) -> Void
    ) async throws(LedgerError) -> APIKeyRecord {
        try await storeAPIKeys([(id, action)], context, changing(change))[0]
    }

    /// - Throws: `.refused(.alreadyExists("name"))`, also if the user with the name is disabled.
    public func addUser(_ user: NewUser, _ context: CommandContext) async throws(LedgerError) -> UserRecord {
        try await storeUsers([(user.name, .userCreated)], context) { stored, now throws(LedgerError) in
            guard stored.isEmpty else { throw .refused(.alreadyExists("name")) }
            return [UserRecord(user, createdAt: now)]
        }[0]
    }

    /// - Returns: The user after the change.
    /// - Throws: `.notFound`.
    public func changeUser(
        _ name: UserName, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout UserRecord, Timestamp) throws(LedgerError) -> Void
    ) async throws(LedgerError) -> UserRecord {
        try await storeUsers([(name, action)], context, changing(change))[0]
    }

    /// A change to what has to be stored.
    private func changing<Record>(
        _ change: @escaping @Sendable (inout Record, Timestamp) throws(LedgerError) -> Void
    ) -> CredentialChange<Record> {
        { stored, now throws(LedgerError) in
            guard var record = stored.first else { throw .notFound }
            try change(&record, now)
            return [record]
        }
    }
}

extension CredentialStoring {
    /// Revokes a key, or leaves it revoked.
    /// - Throws: `.notFound`.
    public func revokeAPIKey(_ id: String, _ context: CommandContext) async throws(LedgerError) {
        _ = try await changeAPIKey(id, .keyRevoked, context) { key, now in key.revokedAt = key.revokedAt ?? now }
    }

    /// Adds a key with the name and grant of another, which expires after the overlap at the latest.
    /// - Parameter old: As it was read: of several rotations at once, one succeeds.
    /// - Throws: `.notFound` for a key that is revoked or has expired, `.refused(.preconditionFailed)` for one that was
    ///   changed since.
    public func rotateAPIKey(
        _ old: APIKeyRecord, to key: APIKey, expiringAt expiresAt: Timestamp?, overlap: Duration,
        _ context: CommandContext
    ) async throws(LedgerError) -> APIKeyRecord {
        let new = NewAPIKey(key, name: old.name, grant: old.grant, expiresAt: expiresAt)
        return try await storeAPIKeys([(new.id, .keyCreated), (old.id, .keyRotated)], context) {
            stored, now throws(LedgerError) in
            guard stored.map(\.id) == [old.id], var rotated = stored.first else { throw .internalFailure }
            // But for the last use.
            guard rotated.auditDetail == old.auditDetail else { throw .refused(.preconditionFailed) }
            let end = rotated.expiresAt ?? .latest
            guard rotated.revokedAt == nil, end > now else { throw .notFound }
            // Always sooner than before, so that another rotation sees that there was this one.
            rotated.expiresAt = Timestamp(
                microseconds: min(end.microseconds - 1, now.microseconds + overlap.components.seconds * 1_000_000))
            return [APIKeyRecord(new, createdAt: now), rotated]
        }[0]
    }

    /// Enables a disabled user.
    /// - Throws: `.notFound`.
    public func enableUser(_ name: UserName, _ context: CommandContext) async throws(LedgerError) {
        _ = try await changeUser(name, .userEnabled, context) { user, _ in user.disabledAt = nil }
    }

    /// Replaces a user's password, also of a disabled one, who stays disabled.
    /// - Parameter old: The user as they were read.
    /// - Throws: `.notFound`; `.refused(.preconditionFailed)` if they were changed since.
    public func setPassword(
        of name: UserName, to hash: PasswordHash, replacing old: UserRecord? = nil, _ context: CommandContext
    ) async throws(LedgerError) {
        _ = try await changeUser(name, .userPasswordSet, context) { user, _ throws(LedgerError) in
            guard old == nil || old == user else { throw .refused(.preconditionFailed) }
            user.passwordHash = hash.description
        }
    }

    /// Disables a user, or leaves them disabled.
    /// - Throws: `.notFound`.
    public func disableUser(_ name: UserName, _ context: CommandContext) async throws(LedgerError) {
        _ = try await changeUser(name, .userDisabled, context) { user, now in
            user.disabledAt = user.disabledAt ?? now
        }
    }
}

/// All keys, users and webhooks, including revoked, disabled and deleted ones, and their log, for moving them to another
/// store.
public struct Credentials: Hashable, Sendable {
    /// By number.
    public let keys: [APIKeyRecord]
    /// By name.
    public let users: [UserRecord]
    /// By creation.
    public let webhooks: [WebhookRecord]
    public let log: [AuditEntry]

    public init(keys: [APIKeyRecord], users: [UserRecord], webhooks: [WebhookRecord], log: [AuditEntry]) {
        self.keys = keys
        self.users = users
        self.webhooks = webhooks
        self.log = log
    }
}
