#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What idempotency records keep of an outcome.
extension Outcome {
    /// The JSON that `Codable` makes of it. What was recorded is written by hand: for a batch of a thousand, an encoder takes
    /// as long as the rest of its transaction.
    public func json() throws -> String {
        switch self {
        case .movement(let movement):
            return String(json: "movement") { $0.value(movement) }
        case .transfer(let transfer):
            return String(json: "transfer") { json in
                json.openObject()
                json.field("id", transfer.id)
                json.key("out")
                json.value(transfer.out)
                json.key("in")
                json.value(transfer.in)
                json.closeObject()
            }
        case .batch(let batch) where batch.lines.allSatisfy(\.isRecorded):
            return String(json: "batch") { $0.value(batch) }
        case .batch, .catalog:
            return String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        }
    }

    /// Reads what `json()` wrote.
    public init(json: String) throws {
        self = try JSONDecoder().decode(Outcome.self, from: Data(json.utf8))
    }
}

extension RecordedBatch.Line {
    fileprivate var isRecorded: Bool {
        if case .recorded = self { true } else { false }
    }
}

extension String {
    /// A case of an enumeration with one value, as `Codable` has it.
    fileprivate init(json name: StaticString, _ write: (inout JSONWriter<[UInt8]>) -> Void) {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openCase(name)
        write(&json)
        json.closeCase()
        self.init(decoding: json.output, as: UTF8.self)
    }
}

extension JSONWriter {
    fileprivate mutating func openCase(_ name: StaticString) {
        openObject()
        key(name)
        openObject()
        key("_0")
    }

    fileprivate mutating func closeCase() {
        closeObject()
        closeObject()
    }

    /// - Precondition: Each line was recorded.
    fileprivate mutating func value(_ batch: RecordedBatch) {
        openObject()
        key("lines")
        openArray()
        for case .recorded(let movement) in batch.lines {
            openCase("recorded")
            value(movement)
            closeCase()
        }
        closeArray()
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
}
