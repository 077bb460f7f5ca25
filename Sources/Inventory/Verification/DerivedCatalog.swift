import JSON

/// The catalog as derived from its audit log, including archived items.
public struct DerivedCatalog: Sendable {
    public private(set) var products: [ProductID: Archivable<Product>] = [:]
    public private(set) var stores: [StoreID: Archivable<Store>] = [:]

    init() {}

    /// - Throws: `AuditDefect` if the entry does not describe a product or store.
    mutating func apply(_ entry: AuditEntry) throws(AuditDefect) {
        let fields = EntryFields(entry.detail)
        switch entry.action {
        case .productCreated, .productReplaced, .productArchived:
            guard let id = fields?.number("product_id").map(ProductID.init), let name = fields?.text("name") else {
                throw AuditDefect(entry.storeID, entry.position, "the entry does not tell a product")
            }
            let details = ProductDetails(
                sku: fields?.text("sku"), name: name, category: fields?.text("category"), unit: fields?.text("unit"))
            products[id] = Archivable(
                Product(id: id, details: details, position: entry.position),
                archivedAt: entry.action == .productArchived ? entry.recordedAt : nil)
        case .storeCreated, .storeReplaced, .storeArchived:
            guard let id = fields?.number("store_id").map(StoreID.init), let name = fields?.text("name") else {
                throw AuditDefect(entry.storeID, entry.position, "the entry does not tell a store")
            }
            stores[id] = Archivable(
                Store(id: id, name: name, position: entry.position),
                archivedAt: entry.action == .storeArchived ? entry.recordedAt : nil)
        default:
            throw AuditDefect(entry.storeID, entry.position, "the entry is no change of the catalog")
        }
    }
}

extension AuditEntry {
    /// Of an entry about a key or user: its id, such as `key:7f3a…`.
    public var subject: String? { EntryFields(detail)?.text("subject") }
}

/// The fields of an entry's detail.
struct EntryFields {
    private let members: [JSONMember]

    /// `nil` unless it is a JSON object.
    init?(_ detail: String) {
        guard case .object(let members)? = try? JSONParser.parse(Array(detail.utf8)) else { return nil }
        self.members = members
    }

    func number(_ name: String) -> Int64? {
        if case .integer(let number)? = value(name) { number } else { nil }
    }

    func text(_ name: String) -> String? {
        if case .text(let text)? = value(name) { text } else { nil }
    }

    var names: [String] { members.map(\.name) }

    /// A field's value as JSON, for people; `nil` if it is missing or null.
    func shown(_ name: String) -> String? {
        guard let value = value(name), value != .null else { return nil }
        return String(json: { $0.value(value) })
    }

    private func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
}
