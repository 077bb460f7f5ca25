import HummingbirdCore
import Inventory

extension InventoryAPI {
    func listStock(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let query = StockQuery(
            storeID: context.storeID, after: try parameters.cursor(), limit: try parameters.limit(),
            category: try parameters.text(.category),
            below: try parameters.integer(.below), asOf: try parameters.time(.asOf))
        let minimum = try parameters.minimum()
        return context.response(try await documents(for: context).stock(query, atLeast: minimum))
    }

    func readLevel(_ context: RequestContext) async throws -> Response {
        let minimum = try context.parameters.minimum()
        let level = LevelKey(context.storeID, context.productID)
        return context.response(try await documents(for: context).level(level, atLeast: minimum))
    }
}
