public import Inventory
import InventoryContract

extension RemoteLedger: StockReading {
    public func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        let list = RemoteList(
            server: server, cursors: cursors, path: "/stores/\(query.storeID)/stock",
            query: [
                ("category", query.category), ("below", query.below.map(String.init)),
                ("as_of", query.asOf?.description),
            ], atLeast: freshness.atLeast,
            item: { fields, _ throws(UnreadableData) in try StockItem(fields) }, key: \.productID)
        return try await list.page(after: query.after, limit: query.limit)
    }

    public func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        var request = ServerRequest.get("/stores/\(level.storeID)/stock/\(level.productID)")
        request.require(freshness.atLeast)
        let response = try await server.send(request)
        return response.snapshot(
            try server.reading { () throws(UnreadableData) in try StockItem(try response.fields()) })
    }

    public func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        let list = RemoteList(
            server: server, cursors: cursors, path: "/products",
            query: [("q", query.search), ("category", query.category)], atLeast: freshness.atLeast,
            item: { fields, response throws(UnreadableData) in
                try Product(fields, version: response.position ?? .zero)
            }, key: \.id)
        return try await list.page(after: query.after, limit: query.limit).ofCatalog
    }

    /// The contract has no route for this: filters the products whose name contains it.
    public func products(
        named name: String, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<[Product]> {
        var query = ProductQuery(limit: 1_000, search: name)
        let first = try await products(query, freshness)
        var items = first.value.items
        query.after = first.value.next
        while query.after != nil {
            let page = try await products(query, freshness).value
            items += page.items
            query.after = page.next
        }
        let called = items.filter { $0.details.name.lowercased() == name.lowercased() }
        let exactly = called.filter { $0.details.name == name }
        let others = called.filter { $0.details.name != name }
        return first.map { _ in Array((exactly + others).prefix(2)) }
    }

    public func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        var request = ServerRequest.get("/products/\(id)")
        request.require(freshness.atLeast)
        let response = try await server.send(request)
        return response.catalogSnapshot(
            try server.reading { () throws(UnreadableData) in
                try Product(try response.fields(), version: try response.version())
            })
    }

    public func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        requireAll(query.scope)
        let list = RemoteList(
            server: server, cursors: cursors, path: "/stores", atLeast: freshness.atLeast,
            item: { fields, response throws(UnreadableData) in
                try Store(fields, version: response.position ?? .zero)
            }, key: \.id)
        return try await list.page(after: query.after, limit: query.limit).ofCatalog
    }

    public func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        var request = ServerRequest.get("/stores/\(id)")
        request.require(freshness.atLeast)
        let response = try await server.send(request)
        return response.catalogSnapshot(
            try server.reading { () throws(UnreadableData) in
                try Store(try response.fields(), version: try response.version())
            })
    }

    public func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        requireAll(query.scope)
        // The catalog has no movements, and the contract has no route for it.
        if query.storeID == .catalog {
            return Snapshot(
                value: Page(items: [], next: nil), position: nil, catalogPosition: .zero, history: History(""),
                source: .replica)
        }
        let list = RemoteList(
            server: server, cursors: cursors, path: "/stock-movements",
            query: [
                ("store_id", query.storeID?.description), ("product_id", query.productID?.description),
                ("type", query.type?.rawValue),
            ] + query.period.parameters, atLeast: freshness.atLeast,
            item: { fields, _ throws(UnreadableData) in try LedgerEntry(fields) },
            key: { EntryKey(storeID: $0.storeID, position: $0.position) })
        return try await list.page(after: query.after, limit: query.limit)
    }

    public func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        requireAll(query.scope)
        let list = RemoteList(
            server: server, cursors: cursors, path: query.storeID.map { "/audit/\($0)" } ?? "/audit",
            query: [("actor", query.actor), ("action", query.action?.rawValue)] + query.period.parameters,
            atLeast: freshness.atLeast,
            item: { fields, _ throws(UnreadableData) in try AuditEntry(fields) },
            key: { EntryKey(storeID: $0.storeID, position: $0.position) })
        return try await list.page(after: query.after, limit: query.limit)
    }

    public func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        requireAll(query.scope)
        let list = RemoteList(
            server: server, cursors: cursors, path: "/report",
            query: [
                ("store_id", query.storeID?.description), ("product_id", query.productID?.description),
                ("group_by", query.grouping.rawValue),
            ] + query.period.parameters, atLeast: freshness.atLeast,
            item: { fields, _ throws(UnreadableData) in try ReportRow(fields, query.grouping) }, key: \.key)
        return try await list.page(after: query.after, limit: query.limit)
    }

    /// The server applies the store scope of the key.
    private func requireAll(_ scope: StoreScope) {
        precondition(scope == .all, "another scope than the key's cannot be asked for")
    }
}

extension Snapshot {
    /// A list of the catalog has a tag with one number, the same as the header.
    fileprivate var ofCatalog: Snapshot {
        Snapshot(
            value: value, position: position, catalogPosition: position ?? .zero, history: history, source: source,
            unproven: unproven)
    }
}

extension Period {
    fileprivate var parameters: [(name: String, value: String?)] {
        [("from", from?.description), ("to", to?.description)]
    }
}

/// With the fields that the contract exposes.
extension RemoteLedger: StoredStateReading {}
