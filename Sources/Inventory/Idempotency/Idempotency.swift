/// A client's promise that requests with this key are one request.
///
/// The outcome is stored under the key, and a repeated request gets it again. An outcome that recorded nothing is not
/// stored, so the request is executed anew: a refusal, a batch whose lines were all refused, a product that was already
/// in the catalog. Refusals are stored if the command's context says so.
public struct IdempotencyKey: Hashable, Sendable {
    /// The principal that the key belongs to: keys of different principals are independent.
    public let principal: String
    public let key: String
    /// SHA-256 of the request with the key: a different request with the same key is refused.
    public let fingerprint: [UInt8]
    /// Whether the record never expires: a file may be imported again years later.
    public let isPermanent: Bool

    public init(principal: String, key: String, fingerprint: [UInt8], isPermanent: Bool = false) {
        self.principal = principal
        self.key = key
        self.fingerprint = fingerprint
        self.isPermanent = isPermanent
    }

    /// Whether a client may use this key: 1 to 255 visible ASCII characters.
    public static func isValid(_ key: some StringProtocol) -> Bool {
        (1...255).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// What identifies the key, without its request.
    public var scope: Scope { Scope(principal: principal, key: key) }

    public struct Scope: Hashable, Comparable, Sendable {
        // Compared byte by byte, as the databases do: a file's `external_id` may be any text.
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

/// The outcome of the first request with an idempotency key, stored in the same transaction.
public struct IdempotencyRecord: Sendable {
    public let key: IdempotencyKey
    public let outcome: Outcome

    public init(_ key: IdempotencyKey, _ outcome: Outcome) {
        self.key = key
        self.outcome = outcome
    }

    /// The stored outcome, if `retry` is the same request.
    /// - Throws: `.idempotencyKeyReused` if not; the stored refusal.
    func outcome(for retry: IdempotencyKey?) throws(Refusal) -> Outcome {
        guard retry?.scope == key.scope, retry?.fingerprint == key.fingerprint else { throw .idempotencyKeyReused }
        if case .refused(let refusal) = outcome { throw refusal }
        return outcome
    }
}

/// The outcome of a command.
public enum Outcome: Decodable, Hashable, Sendable {
    case movement(RecordedMovement)
    case transfer(RecordedTransfer)
    case batch(RecordedBatch)
    case catalog(CatalogItem)
    /// Only in records: from a receipt, a refusal is thrown.
    case refused(Refusal)

    /// Whether anything was recorded: then the outcome is stored under the command's key.
    var isRecorded: Bool {
        switch self {
        case .movement, .transfer, .catalog: true
        case .refused: false
        case .batch(let batch): batch.lines.contains { if case .recorded = $0 { true } else { false } }
        }
    }
}

/// The result of a command: what it did, or on a replay, what it did the first time.
public struct Receipt<Value: Sendable>: Sendable {
    public let value: Value
    public let isReplay: Bool
    /// The history of the value's positions; `nil` if it has none.
    public let history: History?

    public init(_ value: Value, isReplay: Bool = false, in history: History?) {
        self.value = value
        self.isReplay = isReplay
        self.history = history
    }
}

extension Receipt: Equatable where Value: Equatable {}
