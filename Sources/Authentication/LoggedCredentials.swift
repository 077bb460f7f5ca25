public import Access
public import Inventory
public import Logging

/// Logs each change to keys and users, and by whom.
public struct LoggedCredentials: CredentialStoring {
    private let store: any CredentialStoring
    private let logger: Logger

    public init(_ store: any CredentialStoring, _ logger: Logger) {
        self.store = store
        self.logger = logger
    }

    public func storeAPIKeys(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<APIKeyRecord>
    ) async throws(LedgerError) -> [APIKeyRecord] {
        let keys = try await store.storeAPIKeys(actions, context, change)
        for (action, key) in zip(actions, keys) { log(action.1, key.subject, key.grant, context) }
        return keys
    }

    public func storeUsers(
        _ actions: [(id: UserName, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<UserRecord>
    ) async throws(LedgerError) -> [UserRecord] {
        let users = try await store.storeUsers(actions, context, change)
        for (action, user) in zip(actions, users) { log(action.1, user.subject, user.grant, context) }
        return users
    }

    private func log(_ action: AuditAction, _ subject: String, _ grant: Grant, _ context: CommandContext) {
        logger.notice(
            action.event,
            metadata: [
                "event": "\(action.rawValue)", "subject": "\(subject)", "role": "\(grant.role)",
                "actor": "\(context.actor)", "request_id": "\(context.requestID)",
            ])
    }

    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? { try await store.apiKey(id) }

    public func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber> {
        try await store.apiKeys(after: number, limit: limit)
    }

    public func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) { try await store.noteUses(uses) }

    public func user(_ name: UserName) async throws(LedgerError) -> UserRecord? { try await store.user(name) }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        try await store.users(after: name, limit: limit)
    }
}

extension AuditAction {
    fileprivate var event: Logger.Message {
        switch self {
        case .keyCreated: "an API key was created"
        case .keyRevoked: "an API key was revoked"
        case .keyRotated: "an API key was rotated"
        case .userCreated: "a user was created"
        case .userDisabled: "a user was disabled"
        case .userEnabled: "a user was enabled"
        case .userPasswordSet: "a user's password was set"
        default: "keys or users were changed"
        }
    }
}
