public import Inventory
public import JSON

extension JSONWriter {
    public mutating func value(_ row: ReportRow, _ grouping: ReportQuery.Grouping) {
        openObject()
        field("product_id", row.key.productID)
        field("name", row.name)
        switch grouping {
        case .product: break
        case .store: field("store_id", row.key.group)
        case .day: field("day", row.day)
        }
        field("opening", row.opening)
        field("stock_in", row.stockIn)
        field("sold", row.sold)
        field("removed", row.removed)
        field("transferred_in", row.transferredIn)
        field("transferred_out", row.transferredOut)
        field("closing", row.closing)
        closeObject()
    }
}

/// Comma-separated values (RFC 4180).
extension ReportRow {
    public static func csvHeader(_ grouping: ReportQuery.Grouping) -> String {
        let group =
            switch grouping {
            case .product: ""
            case .store: "store_id,"
            case .day: "day,"
            }
        return "product_id,name,\(group)opening,stock_in,sold,removed,transferred_in,transferred_out,closing\r\n"
    }

    /// - Parameter isForSpreadsheets: Whether a name that a spreadsheet would take for a formula is escaped.
    public func csv(_ grouping: ReportQuery.Grouping, isForSpreadsheets: Bool) -> String {
        let name = isForSpreadsheets ? name.escapedForSpreadsheets : name
        let group =
            switch grouping {
            case .product: ""
            case .store: "\(key.group),"
            case .day: "\(day),"
            }
        return "\(key.productID),\(name.quotedForCSV),\(group)\(opening),\(stockIn),\(sold),\(removed),"
            + "\(transferredIn),\(transferredOut),\(closing)\r\n"
    }

    /// Such as `2026-11-20`, in a report by day.
    public var day: String { String(Timestamp(microseconds: key.group).description.prefix(10)) }
}
