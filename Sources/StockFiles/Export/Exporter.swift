public import Inventory

/// Writes files for `Importer`: products, stores, current levels (as opening stock), or all movements, a page at a
/// time. Texts that a spreadsheet would take for formulas are escaped; `Importer` undoes that.
///
/// Omits archived products and stores from the catalog and the levels, but no movements.
public struct Exporter: Sendable {
    private let ledger: any StockReading
    private static let pageSize = 1_000
    private static let freshness = Freshness()

    public init(_ ledger: any StockReading) {
        self.ledger = ledger
    }

    /// - Parameter write: Receives the file, some lines at a time.
    /// - Returns: The number of rows written, without the header.
    /// - Throws: `LedgerError`, and what `write` throws.
    public func export(_ kind: FileKind, _ write: (String) throws -> Void) async throws -> Int {
        switch kind {
        case .products: try await exportProducts(write)
        case .stores: try await exportStores(write)
        case .stock: try await exportStock(write)
        case .movements: try await exportMovements(write)
        }
    }

    private func exportProducts(_ write: (String) throws -> Void) async throws -> Int {
        try write(Self.line([.productID, .sku, .name, .category, .unit]))
        var count = 0
        var query = ProductQuery(limit: Self.pageSize)
        repeat {
            let page = try await ledger.products(query, Self.freshness).value
            try write(
                page.items.reduce(into: "") { text, product in
                    let details = product.details
                    text += Self.line([
                        product.id.description, escaped(details.sku), escaped(details.name), escaped(details.category),
                        escaped(details.unit),
                    ])
                })
            count += page.items.count
            query.after = page.next
        } while query.after != nil
        return count
    }

    private func exportStores(_ write: (String) throws -> Void) async throws -> Int {
        try write(Self.line([.storeID, .name]))
        var count = 0
        try await forEachPageOfStores { page in
            try write(page.reduce(into: "") { $0 += Self.line([$1.id.description, escaped($1.name)]) })
            count += page.count
        }
        return count
    }

    private func exportStock(_ write: (String) throws -> Void) async throws -> Int {
        try write(Self.line([.storeID, .productID, .name, .onHand]))
        var count = 0
        try await forEachPageOfStores { stores in
            for store in stores {
                var query = StockQuery(storeID: store.id, limit: Self.pageSize)
                repeat {
                    let page = try await ledger.stock(query, Self.freshness).value
                    try write(
                        page.items.reduce(into: "") { text, item in
                            text += Self.line([
                                store.id.description, item.productID.description, escaped(item.name),
                                String(item.onHand),
                            ])
                        })
                    count += page.items.count
                    query.after = page.next
                } while query.after != nil
            }
        }
        return count
    }

    private func forEachPageOfStores(_ body: ([Store]) async throws -> Void) async throws {
        var query = StoreQuery(limit: Self.pageSize)
        repeat {
            let page = try await ledger.stores(query, Self.freshness).value
            try await body(page.items)
            query.after = page.next
        } while query.after != nil
    }
}

extension Exporter {
    private static let movementColumns: [Column] = [
        .storeID, .toStoreID, .productID, .movementType, .quantity, .occurredAt, .recordedAt, .reference, .note,
    ]

    /// The maximum number of entries in memory, unless there are very many ledgers.
    private static let entriesAtOnce = 50_000

    private func exportMovements(_ write: (String) throws -> Void) async throws -> Int {
        try write(Self.line(Self.movementColumns))
        let stores = try await storesWithMovements()
        let pageSize = min(Self.pageSize, max(10, Self.entriesAtOnce / max(1, stores.count)))
        var merge = LedgerMerge(of: stores)
        var reached: [StoreID: EntryKey] = [:]
        var text = ""
        var count = 0
        while true {
            switch merge.next() {
            case .needs(let storeID):
                let page = try await ledger.entries(
                    EntryQuery(storeID: storeID, after: reached[storeID], limit: pageSize), Self.freshness)
                reached[storeID] = page.value.next
                merge.append(page.value.items, of: storeID, isLast: page.value.next == nil)
                continue
            case .movement(let entry):
                text += Self.line(of: entry, to: nil)
            case .transfer(let out, let `in`):
                text += Self.line(of: out, to: `in`)
            case .finished:
                try write(text)
                return count
            }
            count += 1
            if text.utf8.count >= 65_536 {
                try write(text)
                text = ""
            }
        }
    }

    /// Including archived ones: transfers to or from them would otherwise lack a side.
    private func storesWithMovements() async throws(LedgerError) -> [StoreID] {
        var stores: [StoreID] = []
        var query = EntryQuery(limit: 1)
        while let entry = try await ledger.entries(query, Self.freshness).value.items.first {
            stores.append(entry.storeID)
            query.after = EntryKey(storeID: entry.storeID, position: Position(rawValue: .max))
        }
        return stores
    }

    /// - Parameter arrival: The other side, if it is a transfer. The two sides may have different times; importing with
    ///   the earlier one restores both, because a time is never below what its ledger had reached.
    private static func line(of entry: LedgerEntry, to arrival: LedgerEntry?) -> String {
        line([
            entry.storeID.description, arrival?.storeID.description, entry.productID.description,
            arrival == nil ? entry.type.rawValue : "transfer", String(entry.quantity),
            entry.notes.occurredAt?.description,
            min(entry.recordedAt, arrival?.recordedAt ?? entry.recordedAt).description,
            escaped(entry.notes.reference), escaped(entry.notes.note),
        ])
    }

    private static func line(_ columns: [Column]) -> String { line(columns.map(\.rawValue)) }

    private static func line(_ fields: [String?]) -> String {
        CSVRecord(line: 0, fields: fields.map { $0 ?? "" }).text
    }
}

private func escaped(_ text: String?) -> String? { text?.escapedForSpreadsheets }
