import Basics
import Inventory
import InventoryContract
import JSON

struct MovementBody: DeclaredBody {
    let importName: ImportName?
    let movement: Movement

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        importName = fields.importName(limits)
        guard let movement = Movement(&fields, storeInPath: path.storeID, limits.input) else { return nil }
        self.movement = movement
    }
}

struct TransferBody: DeclaredBody {
    let importName: ImportName?
    let transfer: Transfer

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        importName = fields.importName(limits)
        guard let transfer = Transfer(&fields, limits.input) else { return nil }
        self.transfer = transfer
    }
}

/// A batch whose lines are not validated yet.
struct BatchBody: DeclaredBody {
    var lines: [JSONFields]
    let isAtomic: Bool
    let importName: ImportName?

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let lines = fields.objects("movements", atMost: limits.batch)
        let isAtomic = fields.optionalFlag("atomic")
        importName = fields.importName(limits)
        guard let lines else { return nil }
        self.lines = lines
        self.isAtomic = isAtomic ?? false
    }
}

extension JSONFields {
    /// The name that identifies the change within an import.
    mutating func importName(_ limits: HTTPLimits) -> ImportName? {
        optionalObject("import") { fields in
            if let id = fields.optionalText("external_id", atMost: limits.input.nameCharacters) {
                return .row(externalID: id)
            }
            let file = fields.text("file", atMost: 64)
            let line = fields.integer("line", in: 1...maximumJSONInteger)
            let storeID: StoreID? = fields.optionalID("store_id")
            guard let file, let line else { return nil }
            if !file.isSHA256 { fields.refuse("file", "must be a SHA-256 in lowercase hexadecimal") }
            return storeID.map { .part(file: file, line: Int(line), storeID: $0) }
                ?? .line(file: file, line: Int(line))
        }
    }
}

extension String {
    fileprivate var isSHA256: Bool {
        utf8.count == 64 && utf8.allSatisfy { $0.hexDigit != nil && !(0x41...0x46).contains($0) }
    }
}
