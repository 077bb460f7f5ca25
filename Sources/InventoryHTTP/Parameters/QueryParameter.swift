import Inventory
import InventoryContract

/// All query parameters, each with its valid values. A ``Route`` declares which of them it accepts.
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
    case escape
    case actor
    case action
    case after
    case wait

    enum Values {
        /// The cursor of the previous page's response.
        case cursor
        /// From 1 to `HTTPLimits.page`.
        case pageLength
        case integer(ClosedRange<Int64>)
        /// 1 to `InputLimits.nameCharacters` characters.
        case text
        /// RFC 3339.
        case time
        case oneOf([String])
        /// Where a reader of changes stands: a position, an event's id or a cursor; or `latest`.
        case changeCursor
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
        case .escape: .oneOf(CSVEscaping.allCases.map(\.rawValue))
        case .action: .oneOf(AuditAction.ofLedgers.map(\.rawValue))
        case .after: .changeCursor
        case .wait: .integer(0...60)
        }
    }
}

extension [QueryParameter] {
    /// Those of every paginated list.
    static let page: Self = [.cursor, .limit]
    static let period: Self = [.from, .to]
}
