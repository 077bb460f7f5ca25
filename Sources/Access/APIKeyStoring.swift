public import Inventory

/// An API key as it is stored: without its secret.
public struct APIKeyRecord: Sendable {
    public let id: String
    public let name: String
    public let role: Role
    /// SHA-256 of the secret, which is random and long, so a slow hash would add nothing.
    public let secretHash: [UInt8]
    public let createdAt: Timestamp
    public let expiresAt: Timestamp?
    public let revokedAt: Timestamp?

    public init(
        id: String, name: String, role: Role, secretHash: [UInt8], createdAt: Timestamp, expiresAt: Timestamp?,
        revokedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }
}

/// Where API keys are kept. `createdAt` is the store's to set.
public protocol APIKeyStoring: Sendable {
    /// - Throws: `.unavailable`, `.overloaded`.
    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord?
    func addAPIKey(
        id: String, name: String, role: Role, secretHash: [UInt8], expiresAt: Timestamp?
    ) async throws(LedgerError) -> APIKeyRecord
}
