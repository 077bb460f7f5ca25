import JSON

/// The stored format of refusals, in `Outcome+JSON.swift`: an object with the refusal's name, containing its associated
/// values, or `_0` for a single one. Programs before version 1 can read no others, and of `inUse` only its first level.
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
            field(case: "inUse") { json in
                json.openObject()
                if let first = left.levels.first { json.fields(of: first) }
                json.key("levels")
                json.openArray()
                for level in left.levels {
                    json.openObject()
                    json.fields(of: level)
                    json.closeObject()
                }
                json.closeArray()
                json.field("hasMore", left.hasMore)
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
        case .invalid(let request):
            field(case: "invalid") { json in
                json.openObject()
                json.field("code", request.code)
                json.field("detail", request.detail)
                json.optionalField("parameter", request.parameter)
                json.value(request.fields)
                json.closeObject()
            }
        }
        closeObject()
    }

    private mutating func fields(of level: LevelKey) {
        field("storeID", level.storeID)
        field("productID", level.productID)
    }

    private mutating func object(_ name: StaticString, _ write: (inout JSONWriter) -> Void = { _ in }) {
        key(name)
        openObject()
        write(&self)
        closeObject()
    }
}
