import Inventory
package import StockCache

/// What a cached document answers.
enum DocumentQuery: Hashable, Sendable {
    case stock(StockQuery)
    case level(LevelKey)
    /// A level in the format of the first versions.
    case levelByName(LevelKey)
    case productByName(String)
    case products(ProductQuery)
    case stores(StoreQuery)

    /// Every property of a query is in its key.
    var key: DocumentKey {
        switch self {
        case .stock(let query):
            Self.key(
                query.storeID, list: .stock, after: query.after, limit: query.limit,
                ["category": query.category, "below": query.below.map { "\($0)" }, "as_of": query.asOf?.description])
        case .level(let level): Self.key(level, .level)
        case .levelByName(let level): Self.key(level, .levelByName)
        case .productByName(let name):
            DocumentKey(storeID: .catalog, name: "\(DocumentKind.productByName.keyTitle)\nname=\(name)")
        case .products(let query):
            Self.key(
                .catalog, list: .products, after: query.after, limit: query.limit,
                ["q": query.search, "category": query.category])
        case .stores(let query):
            Self.key(
                .catalog, list: .stores, after: query.after, limit: query.limit,
                ["stores": query.scope.stores?.map(\.description).joined(separator: ",")])
        }
    }

    private static func key(_ level: LevelKey, _ kind: DocumentKind) -> DocumentKey {
        DocumentKey(
            storeID: level.storeID, productID: level.productID, name: "\(kind.keyTitle)\n\(level.productID)")
    }

    /// Unique, because no filter's text contains a line break.
    private static func key(
        _ storeID: StoreID, list: DocumentKind, after: (some LedgerNumber)?, limit: Int,
        _ filters: KeyValuePairs<String, String?>
    ) -> DocumentKey {
        var name = "\(list.keyTitle)\nlimit=\(limit)"
        if let after { name += "\nafter=\(after)" }
        for (filter, value) in filters {
            if let value { name += "\n\(filter)=\(value)" }
        }
        return DocumentKey(storeID: storeID, name: name)
    }
}

extension DocumentQuery {
    /// The query of a key.
    /// - Returns: `nil` unless it is the key of a document that is cached.
    init?(_ storeID: StoreID, _ name: String) {
        let lines = name.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let fields = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { $1 })
        let limit = fields["limit"].flatMap(Int.init) ?? 0
        let after = fields["after"].flatMap(Int64.init)
        let product = lines.count == 2 ? Int64(lines[1]).map(ProductID.init) : nil
        switch (DocumentKind(keyTitle: lines[0]), product) {
        case (.stock, _):
            self = .stock(
                StockQuery(
                    storeID: storeID, after: after.map(ProductID.init), limit: limit, category: fields["category"],
                    below: fields["below"].flatMap(Int64.init)))
        case (.level, let product?): self = .level(LevelKey(storeID, product))
        case (.levelByName, let product?): self = .levelByName(LevelKey(storeID, product))
        case (.productByName, _): self = .productByName(fields["name"] ?? "")
        case (.products, _):
            self = .products(
                ProductQuery(
                    after: after.map(ProductID.init), limit: limit, search: fields["q"], category: fields["category"]))
        case (.stores, _):
            let stores = fields["stores"].map { $0.split(separator: ",").compactMap { Int64($0).map(StoreID.init) } }
            self = .stores(
                StoreQuery(
                    scope: stores.map { .only(Set($0)) } ?? .all, after: after.map(StoreID.init), limit: limit))
        default: return nil
        }
        // Whatever else is in the name, this program did not write it.
        guard key == DocumentKey(storeID: storeID, productID: key.productID, name: name) else { return nil }
    }
}

extension DocumentKind {
    /// What a key is about; `nil` for one that this program did not make.
    package init?(_ key: DocumentKey) {
        self.init(keyTitle: key.name.prefix { $0 != "\n" })
    }

    fileprivate init?(keyTitle title: some StringProtocol) {
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
