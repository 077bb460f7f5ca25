/// The size of a ledger up to a position.
public struct LedgerTotals: Hashable, Sendable {
    public let entries: Int64
    /// 0 for the catalog.
    public let movements: Int64
    /// The hash of the entry at the position; `nil` if there is none.
    public let hash: AuditHash?

    public init(entries: Int64, movements: Int64, hash: AuditHash?) {
        self.entries = entries
        self.movements = movements
        self.hash = hash
    }
}

/// The stored level of a product in a store, whether or not either is archived.
public struct StoredLevel: Hashable, Sendable {
    public let productID: ProductID
    public let onHand: Int64
    /// The position of its last change.
    public let position: Position
    public let recordedAt: Timestamp

    public init(productID: ProductID, onHand: Int64, position: Position, recordedAt: Timestamp) {
        self.productID = productID
        self.onHand = onHand
        self.position = position
        self.recordedAt = recordedAt
    }
}

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
