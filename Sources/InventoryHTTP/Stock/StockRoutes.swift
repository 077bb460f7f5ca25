import HummingbirdCore
import Inventory

extension InventoryAPI {
    func listStock(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let query = StockQuery(
            storeID: call.storeID, after: try parameters.cursor(), limit: try parameters.limit(),
            category: try parameters.text("category"),
            below: try parameters.integer("below", in: 0...largestJSONInteger), asOf: try parameters.time("as_of"))
        let minimum = try parameters.minimum()
        try parameters.finish()
        return call.answer(try await documents(for: call).stock(query, atLeast: minimum), parameters)
    }

    func readLevel(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let minimum = try parameters.minimum()
        try parameters.finish()
        let level = LevelKey(call.storeID, call.productID)
        return call.answer(try await documents(for: call).level(level, atLeast: minimum), parameters)
    }
}
