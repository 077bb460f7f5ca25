import GRDB
import Inventory

/// Reads the state that a change to the catalog depends on, decides, and writes the decision. No movement runs
/// concurrently, so none can follow the check that an archived product or store has no stock.
struct CatalogTransaction: Sendable {
    let command: CatalogCommand
    let history: History

    func execute(_ database: Database) throws -> Written<Result<Receipt<CatalogItem>, Refusal>> {
        let state = try state(database)
        let result = Result { () throws(Refusal) in try decide(command, on: state) }
        let written = try? result.get().written
        if let written { try write(written, to: database) }
        return Written(value: result.map(\.receipt), isEmpty: written == nil)
    }

    private func state(_ database: Database) throws -> CatalogState {
        let subject = command.change.subject
        return CatalogState(
            now: .now,
            head: try LedgerHead.ofCatalog(in: database),
            history: history,
            subject: try subject.find(in: database),
            skuHolder: try command.change.sku.flatMap { sku in
                try database.rows(Self.skuHolder, sku, decode: { try $0.productID(0) }).first
            },
            namesakes: try command.change.ownName.map { try Product.named($0, in: database) } ?? [],
            highestID: try subject.highestID(in: database),
            stockLeft: try command.change.archived?.stockLeft(in: database, command.context.scope),
            record: try command.context.idempotency.flatMap { try IdempotencyRecord.find($0.scope, in: database) })
    }

    private func write(_ written: CatalogDecision.Written, to database: Database) throws {
        let archivedAt = written.isArchived ? written.audit.recordedAt.microseconds : nil
        switch written.item {
        case .product(let product):
            try database.run(
                Self.putProduct, product.id.rawValue, product.details.sku, product.details.name,
                ProductName.key(product.details.name), product.details.category, product.details.unit,
                product.position.rawValue, archivedAt)
        case .store(let store):
            try database.run(
                Self.putStore, store.id.rawValue, store.name, store.position.rawValue, archivedAt)
        }
        try written.audit.insert(into: database)
        try written.head.update(in: database)
        try written.record?.insert(into: database)
    }

    private static let skuHolder = "select product_id from products where sku = ?"

    private static let putProduct = """
        insert into products (product_id, sku, name, name_key, category, unit, version, archived_at)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (product_id) do update
        set sku = excluded.sku, name = excluded.name, name_key = excluded.name_key, category = excluded.category,
            unit = excluded.unit, version = excluded.version, archived_at = excluded.archived_at
        """

    private static let putStore = """
        insert into stores (store_id, name, version, archived_at) values (?, ?, ?, ?)
        on conflict (store_id) do update
        set name = excluded.name, version = excluded.version, archived_at = excluded.archived_at
        """
}
