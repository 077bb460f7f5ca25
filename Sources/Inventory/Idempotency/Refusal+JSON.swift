import JSON

/// The stored format of refusals, in `Outcome+JSON.swift`: an object with the refusal's name, containing its associated
/// values, or `_0` for a single one. Programs before version 1 can read no others, and of `inUse` only `_0`, its first level.
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
        case .inUse(let left):
            object("inUse") { json in
                if let first = left.levels.first {
                    json.key("_0")
                    json.value(first)
                }
                json.key("levels")
                json.openArray()
                for level in left.levels { json.value(level) }
                json.closeArray()
                json.field("hasMore", left.hasMore)
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

    private mutating func value(_ level: LevelKey) {
        openObject()
        field("storeID", level.storeID)
        field("productID", level.productID)
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
            var levels: [LevelKey] = []
            for level in try payload["levels"] == nil ? [payload.object("_0")] : payload.objects("levels") {
                levels.append(LevelKey(try level.number("storeID"), try level.number("productID")))
            }
            self = .inUse(StockLeft(levels, hasMore: payload["hasMore"] == .flag(true)))
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
