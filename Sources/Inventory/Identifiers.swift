/// A number that identifies something in the ledger. Below 2^53, so that JSON clients read it exactly.
public protocol LedgerNumber: RawRepresentable<Int64>, Hashable, Comparable, Codable, Sendable, CustomStringConvertible
{
    init(rawValue: Int64)
}

extension LedgerNumber {
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    public var description: String { String(rawValue) }
}

/// The largest number that a JSON client reads exactly, 2^53 - 1 (RFC 8259, section 6).
public let maximumJSONInteger: Int64 = 9_007_199_254_740_991

extension Int64 {
    /// Parses a number as JSON writes it: digits without leading zeros, up to ``maximumJSONInteger``.
    package init?(ledgerNumber text: Substring) {
        guard let number = Int64(text), (0...maximumJSONInteger).contains(number),
            String(number).utf8.elementsEqual(text.utf8)
        else { return nil }
        self = number
    }
}

/// Identifies a store and its ledger.
public struct StoreID: LedgerNumber {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// The ledger of the catalog (products and the list of stores).
    public static let catalog = StoreID(rawValue: 0)
    /// The ledger of keys and users, in a table of its own.
    public static let credentials = StoreID(rawValue: -1)

    /// The name of its ledger, for people.
    public var ledgerName: String { self == .credentials ? "keys and users" : "store \(self)" }
}

public struct ProductID: LedgerNumber {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// How far a ledger has advanced: its changes are numbered 1, 2, 3, … without gaps. 0 is a ledger without changes.
public struct Position: LedgerNumber {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static let zero = Position(rawValue: 0)
    public var next: Position { Position(rawValue: rawValue &+ 1) }
}

/// How many units a movement moves: 1 … 1,000,000,000.
public struct Quantity: Hashable, Sendable {
    public static let maximum: Int64 = 1_000_000_000
    public let units: Int64

    /// `nil` unless `units` is in range.
    public init?(_ units: Int64) {
        guard (1...Self.maximum).contains(units) else { return nil }
        self.units = units
    }
}

/// One product's level in one store.
public struct LevelKey: Decodable, Hashable, Sendable {
    public let storeID: StoreID
    public let productID: ProductID

    public init(_ storeID: StoreID, _ productID: ProductID) {
        self.storeID = storeID
        self.productID = productID
    }
}
