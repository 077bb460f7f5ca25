import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    func listProducts(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let query = ProductQuery(
            after: try parameters.cursor(), limit: try parameters.limit(), search: try parameters.text("q"),
            category: try parameters.text("category"))
        let minimum = try parameters.minimum()
        try parameters.finish()
        return call.answer(catalog: try await documents(for: call).products(query, atLeast: minimum), parameters)
    }

    func readProduct(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let minimum = try parameters.minimum()
        try parameters.finish()
        let product = try await ledger(for: call).product(call.productID, Freshness(atLeast: minimum))
        return call.answer(product, tag: EntityTag(Version(product.value.position, in: product.history))) {
            $0.value(product.value)
        }
    }

    func createProduct(_ call: Call) async throws -> Response {
        try await change(call) { fields in
            CatalogBody<ProductID, _>(&fields, "product_id") { ProductDetails(&$0, limits) }
                .map { .createProduct($0.id, $0.details) }
        }
    }

    func replaceProduct(_ call: Call) async throws -> Response {
        let id = call.productID
        return try await change(call) { fields in
            CatalogBody(&fields, "product_id", idInPath: id) { ProductDetails(&$0, limits) }
                .map { .replaceProduct(id, $0.details, ifVersion: call.versionCondition) }
        }
    }

    func archiveProduct(_ call: Call) async throws -> Response {
        try await archive(call, .archiveProduct(call.productID, ifVersion: call.versionCondition))
    }
}
