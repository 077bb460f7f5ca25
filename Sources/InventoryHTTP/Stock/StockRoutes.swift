import HummingbirdCore
import Inventory
import StockCache

extension InventoryAPI {
    func listStock(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let query = StockQuery(
            storeID: call.storeID, after: try parameters.cursor(), limit: try parameters.limit(),
            category: try parameters.text("category"),
            below: try parameters.integer("below", in: 0...largestJSONInteger), asOf: try parameters.time("as_of"))
        let minimum = try parameters.minPosition()
        try parameters.finish()
        let render: DocumentRenderer = { [ledger = ledger(for: call)] freshness throws(LedgerError) in
            let page = try await ledger.stock(query, freshness)
            return Document(page: page) { json in
                json.field("store_id", query.storeID)
                json.nullableField("position", page.position)
            } item: {
                $0.value($1)
            }
        }
        // The past is read seldom, and each moment of it once.
        let documents = query.asOf == nil ? documents : RenderedDocuments()
        let key = DocumentKey(storeID: query.storeID, name: parameters.documentName())
        return call.answer(try await documents.document(key, atLeast: minimum, render: render), parameters)
    }

    func readLevel(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let minimum = try parameters.minPosition()
        try parameters.finish()
        let level = LevelKey(call.storeID, call.productID)
        let key = DocumentKey(storeID: level.storeID, productID: level.productID, name: parameters.documentName())
        return call.answer(
            try await documents.document(key, atLeast: minimum) {
                [ledger = ledger(for: call)] freshness throws(LedgerError) in
                let snapshot = try await ledger.level(level, freshness)
                return Document(snapshot) { json in
                    json.openObject()
                    json.field("store_id", level.storeID)
                    json.nullableField("position", snapshot.position)
                    json.fields(of: snapshot.value)
                    json.closeObject()
                }
            }, parameters)
    }
}

extension JSONWriter {
    mutating func value(_ item: StockItem) {
        openObject()
        fields(of: item)
        closeObject()
    }

    mutating func fields(of item: StockItem) {
        field("product_id", item.productID)
        field("name", item.name)
        nullableField("category", item.category)
        nullableField("unit", item.unit)
        field("on_hand", item.onHand)
        nullableField("updated_at", item.updatedAt)
    }

    mutating func nullableField(_ key: StaticString, _ number: (some LedgerNumber)?) {
        self.key(key)
        if let number { value(number.rawValue) } else { null() }
    }
}
