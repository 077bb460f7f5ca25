/// A difference between stored state and what follows from the audit log.
public struct LedgerDifference: Hashable, Sendable, CustomStringConvertible {
    /// The store that it concerns; for a product, the catalog.
    public let storeID: StoreID
    public let productID: ProductID?
    /// The key or user that it concerns, such as `key:7f3a…`.
    public let subject: String?
    /// The position of the entry that contradicts the stored state.
    public let position: Position?
    public let detail: String
    /// The stored value.
    public let found: String?
    /// The value that follows from the log.
    public let expected: String?
    /// If it can be acknowledged.
    public let gap: LevelGap?

    init(
        _ storeID: StoreID, product productID: ProductID? = nil, of subject: String? = nil,
        at position: Position? = nil, _ detail: String, found: String? = nil, expected: String? = nil,
        gap: LevelGap? = nil
    ) {
        self.storeID = storeID
        self.productID = productID
        self.subject = subject
        self.position = position
        self.detail = detail
        self.found = found
        self.expected = expected
        self.gap = gap
    }

    init(_ defect: AuditDefect) {
        let gap = defect.gap
        self.init(
            defect.storeID, product: gap?.productID, at: defect.position, defect.reason,
            found: gap.map { "\($0.found)" }, expected: gap.map { "\($0.expected)" }, gap: gap)
    }

    /// A difference in a field; `nil` if there is none. Texts are compared byte by byte, as databases do.
    init?(
        _ storeID: StoreID, product productID: ProductID? = nil, of subject: String? = nil,
        at position: Position? = nil, field: String, _ found: String, _ expected: String
    ) {
        guard !found.utf8.elementsEqual(expected.utf8) else { return nil }
        self.init(
            storeID, product: productID, of: subject, at: position,
            "\(field) is \(found), and \(expected) follows from the log", found: found, expected: expected)
    }

    /// For example `store 1, product 102, position 42: on_hand is 999, and 17 follows from the log`.
    public var description: String {
        var place: [String] = []
        if let subject {
            place.append(subject)
        } else if storeID != .catalog || productID == nil {
            place.append(storeID.ledgerName)
        }
        if let productID { place.append("product \(productID)") }
        if let position { place.append("position \(position)") }
        return "\(place.joined(separator: ", ")): \(detail)"
    }
}

/// Counts differences, and keeps the first 100.
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
