public import Access
public import Inventory

/// Changes of keys and users for which nobody in particular asked.
extension CredentialStoring {
    public func addAPIKey(_ key: NewAPIKey) async throws(LedgerError) -> APIKeyRecord {
        try await addAPIKey(key, .nobody)
    }

    public func revokeAPIKey(_ id: String) async throws(LedgerError) { try await revokeAPIKey(id, .nobody) }

    public func addUser(_ user: NewUser) async throws(LedgerError) -> UserRecord { try await addUser(user, .nobody) }

    public func disableUser(_ name: UserName) async throws(LedgerError) { try await disableUser(name, .nobody) }
}

extension CommandContext {
    fileprivate static let nobody = CommandContext(actor: "test", requestID: "test")
}
