/// Something that does not follow from a ledger's history.
public struct LedgerDifference: Hashable, Sendable, CustomStringConvertible {
    /// The store that it is about; the catalog, for a product.
    public let storeID: StoreID
    public let productID: ProductID?
    /// Of the entry from which something else follows.
    public let position: Position?
    public let detail: String
    /// What stands there.
    public let found: String?
    /// What follows from the history.
    public let expected: String?

    init(
        _ storeID: StoreID, product productID: ProductID? = nil, at position: Position? = nil, _ detail: String,
        found: String? = nil, expected: String? = nil
    ) {
        self.storeID = storeID
        self.productID = productID
        self.position = position
        self.detail = detail
        self.found = found
        self.expected = expected
    }

    init(_ defect: AuditDefect) {
        self.init(defect.storeID, at: defect.position, defect.reason)
    }

    /// Of a field. Texts are compared by their bytes, as databases do: letters may look the same, composed or not.
    init?(
        _ storeID: StoreID, product productID: ProductID? = nil, at position: Position? = nil, field: String,
        _ found: String, _ expected: String
    ) {
        guard !found.utf8.elementsEqual(expected.utf8) else { return nil }
        self.init(
            storeID, product: productID, at: position, "\(field) is \(found), and \(expected) follows from the log",
            found: found, expected: expected)
    }

    /// As `store 1, product 102, position 42: on_hand is 999, and 17 follows from the log`.
    public var description: String {
        var place: [String] = []
        if storeID != .catalog || productID == nil { place.append("store \(storeID)") }
        if let productID { place.append("product \(productID)") }
        if let position { place.append("position \(position)") }
        return "\(place.joined(separator: ", ")): \(detail)"
    }
}

/// The first of any number of differences.
public struct LedgerDifferences: Sendable {
    private static let maximum = 100

    public private(set) var first: [LedgerDifference] = []
    public private(set) var count = 0

    mutating func add(_ differences: some Sequence<LedgerDifference>) {
        for difference in differences {
            count += 1
            if first.count < Self.maximum { first.append(difference) }
        }
    }

    mutating func add(_ difference: LedgerDifference?) {
        if let difference { add(CollectionOfOne(difference)) }
    }
}
