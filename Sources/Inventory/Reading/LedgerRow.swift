/// A row of a ledger's tables. Both databases select the same columns in the same order; they are counted from 0.
package protocol LedgerRow {
    func int64(_ column: Int) throws -> Int64
    func text(_ column: Int) throws -> String
    func optionalText(_ column: Int) throws -> String?
    func moment(_ column: Int) throws -> Timestamp
    func optionalMoment(_ column: Int) throws -> Timestamp?
    func auditHash(_ column: Int) throws -> AuditHash
    /// A value of an enumeration.
    func known<Value: RawRepresentable<String>>(_ column: Int) throws -> Value
}

extension LedgerRow {
    package func storeID(_ column: Int) throws -> StoreID { StoreID(rawValue: try int64(column)) }
    package func productID(_ column: Int) throws -> ProductID { ProductID(rawValue: try int64(column)) }
    package func position(_ column: Int) throws -> Position { Position(rawValue: try int64(column)) }
}

extension LedgerEntry {
    /// From the columns of `movements`, in order.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            storeID: row.storeID(0), position: row.position(1), productID: row.productID(2), type: row.known(3),
            quantity: row.int64(4), onHandAfter: row.int64(5), transferID: row.optionalText(6),
            notes: MovementNotes(
                occurredAt: row.optionalMoment(9), reference: row.optionalText(7), note: row.optionalText(8)),
            recordedAt: row.moment(10))
    }
}

extension AuditEntry {
    /// From the columns of `audit_log`, in order.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            storeID: row.storeID(0), position: row.position(1), recordedAt: row.moment(2), actor: row.text(3),
            actionName: row.text(4), requestID: row.text(5), detail: row.text(6), hash: row.auditHash(7))
    }
}

extension LedgerHead {
    /// From `store_id, position, audit_head, recorded_at`.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            storeID: row.storeID(0), position: row.position(1), hash: row.auditHash(2), recordedAt: row.moment(3))
    }
}

extension Product {
    /// From `product_id, sku, name, category, unit, version`.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            id: row.productID(0),
            details: ProductDetails(
                sku: row.optionalText(1), name: row.text(2), category: row.optionalText(3), unit: row.optionalText(4)),
            position: row.position(5))
    }
}

extension Store {
    /// From `store_id, name, version`.
    package init(_ row: some LedgerRow) throws {
        try self.init(id: row.storeID(0), name: row.text(1), position: row.position(2))
    }
}

extension StockItem {
    /// From `product_id, name, category, unit, on_hand, recorded_at`.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            productID: row.productID(0), name: row.text(1), category: row.optionalText(2), unit: row.optionalText(3),
            onHand: row.int64(4), updatedAt: row.optionalMoment(5))
    }
}

extension ReportRow {
    /// From `product_id, group, opening, stock_in, sold, removed, transferred_in, transferred_out, name`.
    package init(_ row: some LedgerRow) throws {
        try self.init(
            key: Key(productID: row.productID(0), group: row.int64(1)), name: row.text(8), opening: row.int64(2),
            stockIn: row.int64(3), sold: row.int64(4), removed: row.int64(5), transferredIn: row.int64(6),
            transferredOut: row.int64(7))
    }
}
