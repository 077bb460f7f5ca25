import JSON

/// The stored format of refusals, in `Outcome+JSON.swift`: an object with the refusal's name, containing its associated
/// values, or `_0` for a single one. Programs before version 1 can read no others.
extension JSONWriter {
    mutating func value(_ refusal: Refusal) {
        openObject()
        switch refusal {
        case .insufficientStock(let onHand, let requested):
            object("insufficientStock") {
                $0.field("onHand", onHand)
                $0.field("requested", requested)
            }
        case .stockChanged(let onHand): object("stockChanged") { $0.field("onHand", onHand) }
        case .unknownProduct(let id): object("unknownProduct") { $0.field("_0", id) }
        case .unknownStore(let id): object("unknownStore") { $0.field("_0", id) }
        case .ambiguousName(let name): object("ambiguousName") { $0.field("_0", name) }
        case .notFound: object("notFound")
        case .alreadyExists(let field): object("alreadyExists") { $0.field("_0", field) }
        case .inUse(let level):
            field(case: "inUse") { json in
                json.openObject()
                json.field("storeID", level.storeID)
                json.field("productID", level.productID)
                json.closeObject()
            }
        case .preconditionFailed: object("preconditionFailed")
        case .idempotencyKeyReused: object("idempotencyKeyReused")
        case .batch(let lines):
            field(case: "batch") { json in
                json.openArray()
                for line in lines {
                    json.openObject()
                    json.field("index", Int64(line.index))
                    json.key("refusal")
                    json.value(line.refusal)
                    json.closeObject()
                }
                json.closeArray()
            }
        case .idsExhausted: object("idsExhausted")
        }
        closeObject()
    }

    private mutating func object(_ name: StaticString, _ write: (inout JSONWriter) -> Void = { _ in }) {
        key(name)
        openObject()
        write(&self)
        closeObject()
    }
}

extension Refusal {
    init(_ fields: ObjectFields) throws(UnreadableData) {
        let (name, payload) = try fields.only("a refusal")
        switch name {
        case "insufficientStock":
            self = .insufficientStock(
                onHand: try payload.integer("onHand"), requested: try payload.integer("requested"))
        case "stockChanged": self = .stockChanged(onHand: try payload.integer("onHand"))
        case "unknownProduct": self = .unknownProduct(try payload.number("_0"))
        case "unknownStore": self = .unknownStore(try payload.number("_0"))
        case "ambiguousName": self = .ambiguousName(try payload.text("_0"))
        case "notFound": self = .notFound
        case "alreadyExists": self = .alreadyExists(try payload.text("_0"))
        case "inUse":
            let level = try payload.object("_0")
            self = .inUse(LevelKey(try level.number("storeID"), try level.number("productID")))
        case "preconditionFailed": self = .preconditionFailed
        case "idempotencyKeyReused": self = .idempotencyKeyReused
        case "batch":
            var lines: [LineRefusal] = []
            for line in try payload.objects("_0") {
                lines.append(
                    LineRefusal(index: Int(try line.integer("index")), refusal: try Refusal(try line.object("refusal")))
                )
            }
            self = .batch(lines)
        case "idsExhausted": self = .idsExhausted
        default: throw UnreadableData("a refusal \(name) is not known")
        }
    }
}
