import Inventory
import InventoryContract
import JSON
import NIOCore
package import StockCache

typealias FoundDocument = (document: Document, origin: DocumentOrigin)

/// The cached documents: the key and the rendering of each. All readers share them, so the cursor of the next page,
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
        let found = try await source.document(DocumentKey(query), for: reader, atLeast: atLeast) {
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
        let key = DocumentKey(level, of: .level)
        let found = try await source.document(key, for: reader, atLeast: atLeast) {
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
        let key = DocumentKey(level, of: .levelByName)
        let found = try await source.document(key, for: reader, atLeast: atLeast) {
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
        let key = DocumentKey(storeID: .catalog, name: "\(DocumentKind.productByName.keyTitle)\nname=\(name)")
        let found = try await source.document(key, for: reader, atLeast: nil) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.productByName))
            let snapshot = try await ledger.product(named: name, freshness)
            return Document(snapshot) { $0.value(snapshot.value.id.rawValue) }
        }
        observer.observe(.documentRead(.productByName, found.origin))
        guard let id = Int64(String(buffer: found.document.body)) else { throw .internalFailure }
        return ProductID(rawValue: id)
    }

    func products(_ query: ProductQuery, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentKey(query), for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.products))
            return Document(page: try await ledger.products(query, freshness)) { $0.value($1) }
        }
        observer.observe(.documentRead(.products, found.origin))
        return found
    }

    func stores(_ query: StoreQuery, atLeast: LedgerPoint?) async throws(LedgerError) -> FoundDocument {
        let found = try await source.document(DocumentKey(query), for: reader, atLeast: atLeast) {
            [ledger, observer] freshness throws(LedgerError) in
            observer.observe(.documentLoaded(.stores))
            return Document(page: try await ledger.stores(query, freshness)) { $0.value($1) }
        }
        observer.observe(.documentRead(.stores, found.origin))
        return found
    }
}

/// The keys: every property of a list's query is in its key.
extension DocumentKey {
    init(_ query: StockQuery) {
        self.init(
            query.storeID, list: .stock, after: query.after, limit: query.limit,
            ["category": query.category, "below": query.below.map { "\($0)" }, "as_of": query.asOf?.description])
    }

    init(_ query: ProductQuery) {
        self.init(
            .catalog, list: .products, after: query.after, limit: query.limit,
            ["q": query.search, "category": query.category])
    }

    init(_ query: StoreQuery) {
        let scope = query.scope.stores?.map(\.description).joined(separator: ",")
        self.init(.catalog, list: .stores, after: query.after, limit: query.limit, ["stores": scope])
    }

    init(_ level: LevelKey, of kind: DocumentKind) {
        self.init(
            storeID: level.storeID, productID: level.productID, name: "\(kind.keyTitle)\n\(level.productID)")
    }

    /// Unique, because no filter's text contains a line break.
    private init(
        _ storeID: StoreID, list kind: DocumentKind, after: (some LedgerNumber)?, limit: Int,
        _ filters: KeyValuePairs<String, String?>
    ) {
        var name = "\(kind.keyTitle)\nlimit=\(limit)"
        if let after { name += "\nafter=\(after)" }
        for (filter, value) in filters {
            if let value { name += "\n\(filter)=\(value)" }
        }
        self.init(storeID: storeID, name: name)
    }
}

extension DocumentKind {
    /// What its keys are about.
    package init?(_ key: DocumentKey) {
        let title = key.name.prefix { $0 != "\n" }
        guard let kind = Self.allCases.first(where: { $0.keyTitle == title }) else { return nil }
        self = kind
    }

    /// The first line of the names of its keys.
    fileprivate var keyTitle: String {
        switch self {
        case .stock: "stock"
        case .level: "level"
        case .levelByName: "level by name"
        case .productByName: "product"
        case .products: "products"
        case .stores: "stores"
        }
    }
}
