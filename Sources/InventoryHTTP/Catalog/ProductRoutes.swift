import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    func listProducts(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let query = ProductQuery(
            after: try parameters.cursor(), limit: try parameters.limit(), search: try parameters.text(.search),
            category: try parameters.text(.category))
        let minimum = try parameters.minimum()
        return context.response(
            catalog: try await documents(for: context).products(query, atLeast: minimum))
    }

    func readProduct(_ context: RequestContext) async throws -> Response {
        let minimum = try context.parameters.minimum()
        let product = try await ledger(for: context).product(context.productID, Freshness(atLeast: minimum))
        return context.response(product, tag: EntityTag(Version(product.value.position, in: product.history))) {
            $0.value(product.value)
        }
    }

    func createProduct(_ context: RequestContext) async throws -> Response {
        try await change(context) { (body: ProductBody) in .createProduct(body.id, body.details) }
    }

    func replaceProduct(_ context: RequestContext) async throws -> Response {
        try await change(context) { (body: ProductBody) in
            .replaceProduct(context.productID, body.details, ifVersion: context.versionCondition)
        }
    }

    func archiveProduct(_ context: RequestContext) async throws -> Response {
        try await archive(context, .archiveProduct(context.productID, ifVersion: context.versionCondition))
    }
}
