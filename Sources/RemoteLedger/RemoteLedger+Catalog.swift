public import Inventory
import InventoryContract

extension RemoteLedger {
    public func change(
        _ change: CatalogChange, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        switch change {
        case .createProduct(let id, let details):
            let request = ServerRequest.post("/products", key: context.key) { $0.value(details, id: id) }
            return try await product(from: request, context)
        case .addProduct(let name):
            throw .rejected(
                reason: "A server has no request that adds a product unless one is called \(name): create it, if there "
                    + "is none.")
        case .replaceProduct(let id, let details, let condition):
            let request = ServerRequest.put("/products/\(id)", if: condition) { $0.value(details, id: nil) }
            return try await product(from: request, context)
        case .createStore(let id, let name):
            let request = ServerRequest.post("/stores", key: context.key) { $0.value(storeNamed: name, id: id) }
            return try await store(from: request, context)
        case .replaceStore(let id, let name, let condition):
            let request = ServerRequest.put("/stores/\(id)", if: condition) { $0.value(storeNamed: name, id: nil) }
            return try await store(from: request, context)
        case .archiveProduct(let id, let condition):
            return try await archive(id, condition, context)
        case .archiveStore(let id, let condition):
            return try await archive(id, condition, context)
        }
    }

    private func product(
        from request: ServerRequest, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        let response = try await send(request, .catalog, context)
        let product = try server.reading { () throws(UnreadableData) in
            try Product(try response.fields(), version: try response.version())
        }
        return Receipt(.product(product), isReplay: response.isReplay, in: response.history)
    }

    private func store(
        from request: ServerRequest, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        let response = try await send(request, .catalog, context)
        let store = try server.reading { () throws(UnreadableData) in
            try Store(try response.fields(), version: try response.version())
        }
        return Receipt(.store(store), isReplay: response.isReplay, in: response.history)
    }

    /// The response to a DELETE is empty, so the item is read just before.
    private func archive(
        _ id: ProductID, _ condition: VersionCondition, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        let product = try await existing { () async throws(LedgerError) -> Product in
            try await self.product(id, Freshness()).value
        }
        let version = try await archive("/products/\(id)", condition, context)
        return Receipt(
            .product(Product(id: id, details: product.details, position: version.position)), in: version.history)
    }

    private func archive(
        _ id: StoreID, _ condition: VersionCondition, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        let store = try await existing { () async throws(LedgerError) -> Store in
            try await self.store(id, Freshness()).value
        }
        let version = try await archive("/stores/\(id)", condition, context)
        return Receipt(.store(Store(id: id, name: store.name, position: version.position)), in: version.history)
    }

    private func archive(
        _ path: String, _ condition: VersionCondition, _ context: CommandContext
    ) async throws(LedgerError) -> Version {
        let response = try await send(.delete(path, if: condition), .catalog, context)
        guard let position = response.position else {
            throw .rejected(reason: "\(server.link.address) does not respond as Khata does: its position is missing")
        }
        return Version(position, in: response.history)
    }

    private func existing<Item>(_ read: () async throws(LedgerError) -> Item) async throws(LedgerError) -> Item {
        do throws(LedgerError) {
            return try await read()
        } catch .notFound {
            throw .refused(.notFound)
        }
    }
}
