import Inventory
import InventoryContract

/// The parameters that queries take, each with the values that it takes. A ``Route`` declares which of them are its own.
enum QueryParameter: String, CaseIterable {
    case cursor
    case limit
    case minPosition = "min_position"
    case storeID = "store_id"
    case productID = "product_id"
    case search = "q"
    case category
    case below
    case asOf = "as_of"
    case from
    case to
    case type
    case groupBy = "group_by"
    case actor
    case action

    enum Values {
        /// What a list gave with the page before.
        case cursor
        /// From 1 to what the limits allow for a page.
        case pageLength
        case integer(ClosedRange<Int64>)
        /// Of 1 to as many characters as the limits allow for a name.
        case text
        /// As RFC 3339 has it.
        case time
        case oneOf([String])
    }

    var values: Values {
        switch self {
        case .cursor: .cursor
        case .limit: .pageLength
        case .minPosition, .below: .integer(0...maximumJSONInteger)
        case .storeID, .productID: .integer(1...maximumJSONInteger)
        case .search, .category, .actor: .text
        case .asOf, .from, .to: .time
        case .type: .oneOf(MovementType.choices.map(\.name))
        case .groupBy: .oneOf(ReportQuery.Grouping.allCases.map(\.rawValue))
        case .action: .oneOf(AuditAction.allCases.map(\.rawValue))
        }
    }
}

extension [QueryParameter] {
    /// Those of every list that comes in pages.
    static let page: Self = [.cursor, .limit]
    static let period: Self = [.from, .to]
}
