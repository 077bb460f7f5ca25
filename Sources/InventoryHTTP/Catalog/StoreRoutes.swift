import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    func listStores(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let query = StoreQuery(
            scope: context.principal.scope, after: try parameters.cursor(), limit: try parameters.limit())
        let minimum = try parameters.minimum()
        return context.response(catalog: try await documents(for: context).stores(query, atLeast: minimum))
    }

    func readStore(_ context: RequestContext) async throws -> Response {
        let minimum = try context.parameters.minimum()
        let store = try await ledger(for: context).store(context.storeID, Freshness(atLeast: minimum))
        return context.response(store, tag: EntityTag(Version(store.value.position, in: store.history))) {
            $0.value(store.value)
        }
    }

    func createStore(_ context: RequestContext) async throws -> Response {
        try await change(context) { (body: StoreBody) in .createStore(body.id, name: body.name) }
    }

    func replaceStore(_ context: RequestContext) async throws -> Response {
        try await change(context) { (body: StoreBody) in
            .replaceStore(context.storeID, name: body.name, ifVersion: context.versionCondition)
        }
    }

    func archiveStore(_ context: RequestContext) async throws -> Response {
        try await archive(context, .archiveStore(context.storeID, ifVersion: context.versionCondition))
    }
}
