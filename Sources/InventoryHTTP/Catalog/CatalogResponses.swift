import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import StockCache

extension InventoryAPI {
    /// Executes the change in the body and responds with the resulting item; a new one with 201 and its `Location`.
    func change<Body: DeclaredBody>(
        _ context: RequestContext, _ change: (Body) -> CatalogChange
    ) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let isNew = context.request.method == .post
        // Only POST needs an idempotency key: PUT is idempotent anyway.
        let keyed = isNew ? body : nil
        let receipt = try await receipt(to: context, keyed) { answer throws(LedgerError) in
            try answer.catalogReceipt()
        } executing: {
            let change = change(try context.read(&fields))
            return try await ledger(for: context).change(change, context.commandContext(body: keyed))
        }
        let item = receipt.value
        var response = Response.json(isNew ? .created : .ok) { $0.value(item) }
        if let history = receipt.history {
            response.headers[.eTag] = EntityTag(Version(item.position, in: history)).text
        }
        response.add(item.position, in: receipt.history)
        if isNew { response.headers[.location] = item.location }
        return response.replayed(receipt.isReplay)
    }

    func archive(_ context: RequestContext, _ change: CatalogChange) async throws -> Response {
        let receipt = try await ledger(for: context).change(change, context.commandContext())
        var response = Response(status: .noContent, headers: [.cacheControl: "no-store"])
        response.add(receipt.value.position, in: receipt.history)
        return response
    }
}

extension RequestContext {
    /// The condition on the current version. `If-None-Match: *` requires that there is none, so no existing item meets
    /// it.
    var versionCondition: VersionCondition {
        request.headers[.ifNoneMatch] == "*" ? .oneOf([]) : VersionCondition(ifMatch: request.headers[.ifMatch])
    }

    /// The response with a page of the catalog.
    func response(catalog found: (document: Document, origin: DocumentOrigin)) -> Response {
        response(
            found, tag: EntityTag(Version(found.document.stamp.position, in: found.document.stamp.history)))
    }
}

extension CatalogItem {
    var position: Position {
        switch self {
        case .product(let product): product.position
        case .store(let store): store.position
        }
    }

    fileprivate var location: String {
        switch self {
        case .product(let product): "/api/v1/products/\(product.id)"
        case .store(let store): "/api/v1/stores/\(store.id)"
        }
    }
}
