import HummingbirdCore
import Inventory

extension InventoryAPI {
    func listStock(_ context: RequestContext) async throws -> Response {
        var parameters = try context.parameters()
        let query = StockQuery(
            storeID: context.storeID, after: try parameters.cursor(), limit: try parameters.limit(),
            category: try parameters.text("category"),
            below: try parameters.integer("below", in: 0...maximumJSONInteger), asOf: try parameters.time("as_of"))
        let minimum = try parameters.minimum()
        try parameters.finish()
        return context.response(try await documents(for: context).stock(query, atLeast: minimum), parameters)
    }

    func readLevel(_ context: RequestContext) async throws -> Response {
        var parameters = try context.parameters()
        let minimum = try parameters.minimum()
        try parameters.finish()
        let level = LevelKey(context.storeID, context.productID)
        return context.response(try await documents(for: context).level(level, atLeast: minimum), parameters)
    }
}
