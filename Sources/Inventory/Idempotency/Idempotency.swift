/// A client's promise that requests with this key are one request.
///
/// A key remembers what was recorded: who sends the request again has the first answer. An answer that recorded nothing is
/// not remembered, and the request is tried anew: a refusal, a batch of which each line was refused, the product that was
/// in the catalog already.
public struct IdempotencyKey: Hashable, Sendable {
    /// The principal whose key it is: keys of different principals never meet.
    public let principal: String
    public let key: String
    /// SHA-256 of the request that came with the key: another request with the same key is refused.
    public let fingerprint: [UInt8]
    /// Whether the record outlives the day for which clients may retry: a file may be imported again years later.
    public let isPermanent: Bool

    public init(principal: String, key: String, fingerprint: [UInt8], isPermanent: Bool = false) {
        self.principal = principal
        self.key = key
        self.fingerprint = fingerprint
        self.isPermanent = isPermanent
    }

    /// Whether a client may call a key so: 1 to 255 visible ASCII characters.
    public static func isValid(_ key: some StringProtocol) -> Bool {
        (1...255).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// What makes two keys the same key, whatever came with them.
    public var scope: Scope { Scope(principal: principal, key: key) }

    public struct Scope: Hashable, Comparable, Sendable {
        // Exact, as the databases compare them: a file's `external_id` may be in any letters.
        private let exactPrincipal: ExactText
        private let exactKey: ExactText

        public var principal: String { exactPrincipal.text }
        public var key: String { exactKey.text }

        public init(principal: String, key: String) {
            exactPrincipal = ExactText(principal)
            exactKey = ExactText(key)
        }

        public static func < (lhs: Scope, rhs: Scope) -> Bool {
            (lhs.exactPrincipal, lhs.exactKey) < (rhs.exactPrincipal, rhs.exactKey)
        }
    }
}

/// The first answer to an idempotency key, stored in the transaction that made it true.
public struct IdempotencyRecord: Sendable {
    public let key: IdempotencyKey
    public let outcome: Outcome

    public init(_ key: IdempotencyKey, _ outcome: Outcome) {
        self.key = key
        self.outcome = outcome
    }

    /// The stored outcome, if `retry` is the request that had it.
    func outcome(for retry: IdempotencyKey?) throws(Refusal) -> Outcome {
        guard retry?.scope == key.scope, retry?.fingerprint == key.fingerprint else { throw .idempotencyKeyReused }
        return outcome
    }
}

/// What became of a command that was carried out.
public enum Outcome: Hashable, Sendable {
    case movement(RecordedMovement)
    case transfer(RecordedTransfer)
    case batch(RecordedBatch)
    case catalog(CatalogItem)

    /// Whether anything was recorded, which the command's key then remembers.
    var isRecorded: Bool {
        switch self {
        case .movement, .transfer, .catalog: true
        case .batch(let batch): batch.lines.contains { if case .recorded = $0 { true } else { false } }
        }
    }
}

/// The answer to a command: what it did, or what it did the first time.
public struct Receipt<Value: Sendable>: Sendable {
    public let value: Value
    public let isReplay: Bool
    /// That the value's positions belong to; `nil` if it has none.
    public let history: History?

    public init(_ value: Value, isReplay: Bool = false, in history: History?) {
        self.value = value
        self.isReplay = isReplay
        self.history = history
    }
}

extension Receipt: Equatable where Value: Equatable {}
