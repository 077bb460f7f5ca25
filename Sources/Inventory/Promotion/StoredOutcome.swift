/// The stored record of an idempotency key.
public struct StoredOutcome: Hashable, Sendable {
    public let scope: IdempotencyKey.Scope
    public let fingerprint: [UInt8]
    /// An `Outcome` as JSON.
    public let outcome: String
    /// `nil`: never.
    public let expiresAt: Timestamp?

    public init(scope: IdempotencyKey.Scope, fingerprint: [UInt8], outcome: String, expiresAt: Timestamp?) {
        self.scope = scope
        self.fingerprint = fingerprint
        self.outcome = outcome
        self.expiresAt = expiresAt
    }
}
