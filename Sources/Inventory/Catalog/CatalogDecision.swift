import JSON

/// The state that a change to the catalog depends on, read under the lock on the catalog's ledger.
public struct CatalogState: Sendable {
    public var now: Timestamp
    public var head: LedgerHead
    public var history: History
    /// The product or store that the change names, archived or not.
    public var subject: Subject
    /// The product that has the SKU that the change names.
    public var skuHolder: ProductID?
    /// The products with the change's name, as `StockReading.products(named:)` finds them.
    public var namesakes: [Product]
    /// The highest id in use for the subject's kind, 0 if there is none.
    public var highestID: Int64
    /// What stock there is of what is to be archived.
    public var stockLeft: StockLeft?
    /// The record of the command's idempotency key, if there is one.
    public var record: IdempotencyRecord?

    public enum Subject: Sendable {
        case missing
        case product(Product, isArchived: Bool)
        case store(Store, isArchived: Bool)
    }

    public init(
        now: Timestamp, head: LedgerHead, history: History, subject: Subject, skuHolder: ProductID?,
        namesakes: [Product],
        highestID: Int64, stockLeft: StockLeft?, record: IdempotencyRecord?
    ) {
        self.now = now
        self.head = head
        self.history = history
        self.subject = subject
        self.skuHolder = skuHolder
        self.namesakes = namesakes
        self.highestID = highestID
        self.stockLeft = stockLeft
        self.record = record
    }
}

/// The writes of a change to the catalog, and its receipt.
public struct CatalogDecision: Sendable {
    public let receipt: Receipt<CatalogItem>
    /// `nil` if nothing is to be written: for a replay, and for a product that exists already.
    public let written: Written?

    public struct Written: Sendable {
        public let item: CatalogItem
        public let isArchived: Bool
        public let head: LedgerHead
        public let audit: AuditEntry
        public let record: IdempotencyRecord?
    }
}

/// Decides a change to the catalog. Pure: reads no clock and no database.
/// - Throws: `.alreadyExists`, `.ambiguousName`, `.notFound`, `.inUse`, `.preconditionFailed`, `.idempotencyKeyReused`.
public func decide(_ command: CatalogCommand, on state: CatalogState) throws(Refusal) -> CatalogDecision {
    if let record = state.record {
        guard case .catalog(let item) = try record.outcome(for: command.context.idempotency) else {
            throw .idempotencyKeyReused
        }
        return CatalogDecision(receipt: Receipt(item, isReplay: true, in: state.history), written: nil)
    }
    if case .addProduct(let name) = command.change, let product = try state.namesakes.called(name) {
        return CatalogDecision(receipt: Receipt(.product(product), in: state.history), written: nil)
    }
    let position = state.head.position.next
    let (item, isArchived) = try command.change.applied(to: state, at: position)
    var head = state.head
    let audit = head.append(command.change.action, detail: item.auditDetail, command.context, at: state.now)
    let record = command.context.idempotency.map { IdempotencyRecord($0, .catalog(item)) }
    return CatalogDecision(
        receipt: Receipt(item, in: state.history),
        written: .init(item: item, isArchived: isArchived, head: head, audit: audit, record: record))
}

extension CatalogChange {
    fileprivate func applied(
        to state: CatalogState, at position: Position
    ) throws(Refusal) -> (item: CatalogItem, isArchived: Bool) {
        switch self {
        case .createProduct(let id, let details):
            guard case .missing = state.subject else { throw .alreadyExists("product_id") }
            guard state.skuHolder == nil else { throw .alreadyExists("sku") }
            let id = try state.assigned(id)
            return (.product(Product(id: id, details: details, position: position)), false)
        case .addProduct(let name):
            let id = try state.assigned(nil as ProductID?)
            return (.product(Product(id: id, details: ProductDetails(name: name), position: position)), false)
        case .replaceProduct(let id, let details, let condition):
            try state.requireProduct(condition)
            guard state.skuHolder == nil || state.skuHolder == id else { throw .alreadyExists("sku") }
            return (.product(Product(id: id, details: details, position: position)), false)
        case .archiveProduct(let id, let condition):
            let product = try state.requireProduct(condition)
            if let left = state.stockLeft { throw .inUse(left) }
            return (.product(Product(id: id, details: product.details, position: position)), true)
        case .createStore(let id, let name):
            guard case .missing = state.subject else { throw .alreadyExists("store_id") }
            let id = try state.assigned(id)
            return (.store(Store(id: id, name: name, position: position)), false)
        case .replaceStore(let id, let name, let condition):
            try state.requireStore(condition)
            return (.store(Store(id: id, name: name, position: position)), false)
        case .archiveStore(let id, let condition):
            let store = try state.requireStore(condition)
            if let left = state.stockLeft { throw .inUse(left) }
            return (.store(Store(id: id, name: store.name, position: position)), true)
        }
    }

    fileprivate var action: AuditAction {
        switch self {
        case .createProduct, .addProduct: .productCreated
        case .replaceProduct: .productReplaced
        case .archiveProduct: .productArchived
        case .createStore: .storeCreated
        case .replaceStore: .storeReplaced
        case .archiveStore: .storeArchived
        }
    }
}

extension CatalogState {
    /// The id that the client chose, or the next free one.
    fileprivate func assigned<ID: LedgerNumber>(_ id: ID?) throws(Refusal) -> ID {
        if let id { return id }
        guard highestID < maximumJSONInteger else { throw .idsExhausted }
        return ID(rawValue: highestID + 1)
    }

    @discardableResult
    fileprivate func requireProduct(_ condition: VersionCondition) throws(Refusal) -> Product {
        guard case .product(let product, isArchived: false) = subject else { throw .notFound }
        guard condition.admits(Version(product.position, in: history)) else { throw .preconditionFailed }
        return product
    }

    @discardableResult
    fileprivate func requireStore(_ condition: VersionCondition) throws(Refusal) -> Store {
        guard case .store(let store, isArchived: false) = subject else { throw .notFound }
        guard condition.admits(Version(store.position, in: history)) else { throw .preconditionFailed }
        return store
    }
}

extension CatalogItem {
    fileprivate var auditDetail: String {
        String(json: { json in
            json.openObject()
            switch self {
            case .product(let product):
                json.field("product_id", product.id)
                json.nullableField("sku", product.details.sku)
                json.field("name", product.details.name)
                json.nullableField("category", product.details.category)
                json.nullableField("unit", product.details.unit)
            case .store(let store):
                json.field("store_id", store.id)
                json.field("name", store.name)
            }
            json.closeObject()
        })
    }
}
