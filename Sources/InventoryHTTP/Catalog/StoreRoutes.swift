import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

extension InventoryAPI {
    func listStores(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let query = StoreQuery(
            scope: call.principal.scope, after: try parameters.cursor(), limit: try parameters.limit())
        let minimum = try parameters.minimum()
        try parameters.finish()
        return call.answer(catalog: try await documents(for: call).stores(query, atLeast: minimum), parameters)
    }

    func readStore(_ call: Call) async throws -> Response {
        var parameters = try call.parameters()
        let minimum = try parameters.minimum()
        try parameters.finish()
        let store = try await ledger(for: call).store(call.storeID, Freshness(atLeast: minimum))
        return call.answer(store, tag: EntityTag(Version(store.value.position, in: store.history))) {
            $0.value(store.value)
        }
    }

    func createStore(_ call: Call) async throws -> Response {
        try await change(call) { fields in
            CatalogBody<StoreID, _>(&fields, "store_id") { $0.text("name", atMost: limits.nameCharacters) }
                .map { .createStore($0.id, name: $0.details) }
        }
    }

    func replaceStore(_ call: Call) async throws -> Response {
        let id = call.storeID
        return try await change(call) { fields in
            CatalogBody(&fields, "store_id", idInPath: id) { $0.text("name", atMost: limits.nameCharacters) }
                .map { .replaceStore(id, name: $0.details, ifVersion: call.versionCondition) }
        }
    }

    func archiveStore(_ call: Call) async throws -> Response {
        try await archive(call, .archiveStore(call.storeID, ifVersion: call.versionCondition))
    }
}
