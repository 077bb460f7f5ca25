import JSON

/// The stored format of outcomes, encoded by hand: for a batch of a thousand, `JSONEncoder` takes as long as the rest
/// of its transaction.
///
/// Version 1 is an object; unknown fields are ignored:
///
/// ```
/// outcome  = {"version": 1, "movement": {"_0": movement}} | {…, "transfer": {"_0": transfer}}
///          | {…, "batch": {"_0": batch}} | {…, "catalog": {"_0": item}}
/// movement = {"storeID", "position", "productID", "type", "quantity", "onHand", "recordedAt": {"microseconds"}}
/// transfer = {"id", "out": movement, "in": movement}
/// batch    = {"lines": [{"recorded": {"_0": movement}} | {"refused": {"_0": refusal}}, …],
///             "invalid": [{"line", "fields": [{"pointer", "detail"}, …]}, …]}
/// item     = {"product": {"_0": {"id", "details": {"sku", "name", "category", "unit"}, "position"}}}
///          | {"store": {"_0": {"id", "name", "position"}}}
/// refusal  = see `Refusal+JSON.swift`
/// ```
///
/// A batch's `lines` are those that are movements; `invalid`, if present, are the others, each with its index among
/// all. Missing details are `nil`.
///
/// Programs before version 1 wrote the same without a version, and without the invalid lines of a batch. They can read
/// version 1, so a new kind of line or item requires a new version.
///
/// Version 2 is that of recorded refusals only. A program that knows no more than version 1 fails to read them, and says so:
///
/// ```
/// outcome  = {"version": 2, "refused": {"_0": refusal}}
/// ```
///
/// Everything else is still written as version 1, so that programs of both kinds can serve one database.
extension Outcome {
    /// The newest version that can be read.
    static let newestVersion: Int64 = 2

    private var version: Int64 { if case .refused = self { 2 } else { 1 } }

    public func json() -> String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        json.field("version", version)
        switch self {
        case .movement(let movement): json.field(case: "movement") { $0.value(movement) }
        case .transfer(let transfer): json.field(case: "transfer") { $0.value(transfer) }
        case .batch(let batch): json.field(case: "batch") { $0.value(batch) }
        case .catalog(let item): json.field(case: "catalog") { $0.value(item) }
        case .refused(let refusal): json.field(case: "refused") { $0.value(refusal) }
        }
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}

extension JSONWriter {
    /// A case of an enumeration with one unlabeled associated value.
    mutating func field(case name: StaticString, _ write: (inout JSONWriter) -> Void) {
        key(name)
        openObject()
        key("_0")
        write(&self)
        closeObject()
    }

    fileprivate mutating func value(_ movement: RecordedMovement) {
        openObject()
        field("storeID", movement.storeID)
        field("position", movement.position)
        field("productID", movement.productID)
        field("type", movement.type.rawValue)
        field("quantity", movement.quantity)
        field("onHand", movement.onHand)
        key("recordedAt")
        openObject()
        field("microseconds", movement.recordedAt.microseconds)
        closeObject()
        closeObject()
    }

    fileprivate mutating func value(_ transfer: RecordedTransfer) {
        openObject()
        field("id", transfer.id)
        key("out")
        value(transfer.out)
        key("in")
        value(transfer.in)
        closeObject()
    }

    fileprivate mutating func value(_ batch: RecordedBatch) {
        var invalid: [(line: Int, fields: [InvalidField])] = []
        openObject()
        key("lines")
        openArray()
        for (index, line) in batch.lines.enumerated() {
            switch line {
            case .recorded(let movement):
                openObject()
                field(case: "recorded") { $0.value(movement) }
                closeObject()
            case .refused(let refusal):
                openObject()
                field(case: "refused") { $0.value(refusal) }
                closeObject()
            case .invalid(let fields):
                invalid.append((index, fields))
            }
        }
        closeArray()
        if !invalid.isEmpty {
            key("invalid")
            openArray()
            for (line, fields) in invalid { value(fields, ofLine: line) }
            closeArray()
        }
        closeObject()
    }

    private mutating func value(_ fields: [InvalidField], ofLine line: Int) {
        openObject()
        field("line", Int64(line))
        value(fields)
        closeObject()
    }

    mutating func value(_ fields: [InvalidField]) {
        key("fields")
        openArray()
        for field in fields {
            openObject()
            self.field("pointer", field.pointer)
            self.field("detail", field.detail)
            closeObject()
        }
        closeArray()
    }
}

extension JSONWriter {
    fileprivate mutating func value(_ item: CatalogItem) {
        openObject()
        switch item {
        case .product(let product): field(case: "product") { $0.value(product) }
        case .store(let store): field(case: "store") { $0.value(store) }
        }
        closeObject()
    }

    private mutating func value(_ product: Product) {
        openObject()
        field("id", product.id)
        key("details")
        openObject()
        optionalField("sku", product.details.sku)
        field("name", product.details.name)
        optionalField("category", product.details.category)
        optionalField("unit", product.details.unit)
        closeObject()
        field("position", product.position)
        closeObject()
    }

    private mutating func value(_ store: Store) {
        openObject()
        field("id", store.id)
        field("name", store.name)
        field("position", store.position)
        closeObject()
    }
}
