import Basics
import Crypto
import JSON

/// Who changed what, when and through which request. Entries of one ledger form a hash chain.
public struct AuditEntry: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    public let recordedAt: Timestamp
    public let actor: String
    /// An `AuditAction`, or an action that this program does not know.
    public let actionName: String
    public let requestID: String
    /// A JSON object, stored as text because its bytes are hashed.
    public let detail: String
    /// Covers the previous entry's hash and this entry; see `AuditEntry.hash(following:)`.
    public internal(set) var hash: AuditHash

    public init(
        storeID: StoreID, position: Position, recordedAt: Timestamp, actor: String, actionName: String,
        requestID: String, detail: String, hash: AuditHash
    ) {
        self.storeID = storeID
        self.position = position
        self.recordedAt = recordedAt
        self.actor = actor
        self.actionName = actionName
        self.requestID = requestID
        self.detail = detail
        self.hash = hash
    }

    /// `nil` for an action that this program does not know.
    public var action: AuditAction? { AuditAction(rawValue: actionName) }
}

public enum AuditAction: String, CaseIterable, Sendable {
    case stockIn = "stock-in"
    case sale
    case manualRemoval = "manual-removal"
    case transferOut = "transfer-out"
    case transferIn = "transfer-in"
    case productCreated = "product-created"
    case productReplaced = "product-replaced"
    case productArchived = "product-archived"
    case storeCreated = "store-created"
    case storeReplaced = "store-replaced"
    case storeArchived = "store-archived"
    case keyCreated = "key-created"
    /// It existed when the log of keys and users began.
    case keyExisted = "key-existed"
    case keyRevoked = "key-revoked"
    /// Another key replaces it, and it expires soon.
    case keyRotated = "key-rotated"
    case userCreated = "user-created"
    /// They existed when the log of keys and users began.
    case userExisted = "user-existed"
    case userDisabled = "user-disabled"
    case userEnabled = "user-enabled"
    case userPasswordSet = "user-password-set"
    case webhookCreated = "webhook-created"
    case webhookRotated = "webhook-rotated"
    case webhookReplayed = "webhook-replayed"
    case webhookDisabled = "webhook-disabled"
    case webhookEnabled = "webhook-enabled"
    case webhookDeleted = "webhook-deleted"
    case differenceAcknowledged = "difference-acknowledged"

    /// Those in the logs of stores and of the catalog; the others are in the log of keys and users.
    public static let ofLedgers = allCases.filter { action in
        !["key-", "user-", "webhook-", "difference-"].contains { action.rawValue.hasPrefix($0) }
    }

    init(_ type: MovementType) {
        switch type {
        case .stockIn: self = .stockIn
        case .sale: self = .sale
        case .manualRemoval: self = .manualRemoval
        case .transferOut: self = .transferOut
        case .transferIn: self = .transferIn
        }
    }
}

/// 32 bytes of SHA-256.
public struct AuditHash: Hashable, Sendable, CustomStringConvertible {
    public let bytes: [UInt8]

    /// - Precondition: `bytes` has 32 elements.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == SHA256.byteCount, "an audit hash has \(SHA256.byteCount) bytes")
        self.bytes = bytes
    }

    /// Parses 64 hexadecimal digits.
    public init?(hexadecimal text: String) {
        guard let bytes = [UInt8](hexadecimal: text.utf8, count: SHA256.byteCount) else { return nil }
        self.init(bytes: bytes)
    }

    public var description: String { bytes.hexadecimal }

    /// The predecessor of a ledger's first entry: all zeros.
    public static let origin = AuditHash(bytes: [UInt8](repeating: 0, count: SHA256.byteCount))
}

extension AuditEntry {
    /// The hash of this entry if it follows one with the hash `previous`:
    /// `SHA-256(previous ‖ store_id ‖ position ‖ recorded_at ‖ actor ‖ action ‖ request_id ‖ detail)`, each field as a
    /// netstring (D. J. Bernstein, 1997: decimal length, colon, bytes, comma), numbers in decimal, the time in
    /// microseconds since 1970. Netstrings keep neighbouring fields apart, so no two entries have the same bytes.
    public func hash(following previous: AuditHash) -> AuditHash {
        var canonical = [UInt8]()
        canonical.reserveCapacity(256)
        canonical += previous.bytes
        for field in [
            storeID.description, position.description, String(recordedAt.microseconds), actor, actionName,
            requestID, detail,
        ] {
            canonical += String(field.utf8.count).utf8
            canonical.append(UInt8(ascii: ":"))
            canonical += field.utf8
            canonical.append(UInt8(ascii: ","))
        }
        return AuditHash(bytes: Array(SHA256.hash(data: canonical)))
    }
}
