import Inventory
import InventoryContract
import JSON
import NIOCore
import StockCache

typealias FoundDocument = (document: Document, origin: DocumentOrigin)

/// The cached documents and the rendering of each. All readers share them, so the cursor of the next page,
/// which differs between readers, is left blank.
struct StockDocuments: Sendable {
    let ledger: any StockReading
    let source: any DocumentReading
    /// The principal's id; `nil` for warming, which stores all it reads.
    let reader: String?
    let observer: any HTTPObserver

    func stock(_ query: StockQuery, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        // Past stock is not worth caching: each moment is rarely read twice.
        let source = query.asOf == nil ? source : RenderedDocuments()
        let found = try await source.document(DocumentQuery.stock(query).key, for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.stock))
            let page = try await ledger.stock(query, freshness)
            return Document(page: page) { json in
                json.field("store_id", query.storeID)
                json.nullableField("position", page.position)
            } item: {
                $0.value($1)
            }
        }
        observer.observe(.documentRead(.stock, found.origin))
        return found
    }

    func level(_ level: LevelKey, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentQuery.level(level).key, for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.level))
            let snapshot = try await ledger.level(level, freshness)
            return Document(snapshot) { $0.value(level: snapshot, in: level.storeID) }
        }
        observer.observe(.documentRead(.level, found.origin))
        return found
    }

    /// A level in the format of the first versions.
    func levelByName(_ level: LevelKey, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentQuery.levelByName(level).key, for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.levelByName))
            let snapshot = try await ledger.level(level, freshness)
            return Document(snapshot) { json in
                json.openObject()
                json.field("product", snapshot.value.name)
                json.field("stock", snapshot.value.onHand)
                json.closeObject()
            }
        }
        observer.observe(.documentRead(.levelByName, found.origin))
        return found
    }

    /// The id of a product by name. Cached like any document, so reads of stock by name need no database either.
    func productID(named name: String) async throws(LedgerError) -> ProductID {
        guard let id = Int64(String(buffer: try await product(named: name).document.body)) else {
            throw .internalFailure
        }
        return ProductID(rawValue: id)
    }

    private func product(named name: String) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentQuery.productByName(name).key, for: reader, atLeast: nil) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.productByName))
            let snapshot = try await ledger.product(named: name, freshness)
            return Document(snapshot) { $0.value(snapshot.value.id.rawValue) }
        }
        observer.observe(.documentRead(.productByName, found.origin))
        return found
    }

    func products(_ query: ProductQuery, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentQuery.products(query).key, for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.products))
            return Document(page: try await ledger.products(query, freshness)) { $0.value($1) }
        }
        observer.observe(.documentRead(.products, found.origin))
        return found
    }

    func stores(_ query: StoreQuery, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentQuery.stores(query).key, for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.stores))
            return Document(page: try await ledger.stores(query, freshness)) { $0.value($1) }
        }
        observer.observe(.documentRead(.stores, found.origin))
        return found
    }

    func document(_ query: DocumentQuery) async throws(LedgerError) -> Document {
        switch query {
        case .stock(let query): try await stock(query, atLeast: nil).document
        case .level(let level): try await self.level(level, atLeast: nil).document
        case .levelByName(let level): try await levelByName(level, atLeast: nil).document
        case .productByName(let name): try await product(named: name).document
        case .products(let query): try await products(query, atLeast: nil).document
        case .stores(let query): try await stores(query, atLeast: nil).document
        }
    }
}
