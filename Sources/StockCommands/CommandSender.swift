public import Access
import Basics
public import Inventory
import InventoryContract
import JSON

/// Whom Khata sends a command for, who was authenticated when it came in, and by which request.
public struct CommandSender: Hashable, Sendable {
    public let principal: Principal
    public let requestID: String
    /// Identifies the request among those with the same key.
    public let fingerprint: [UInt8]

    public init(_ principal: Principal, requestID: String, fingerprint: [UInt8]) {
        self.principal = principal
        self.requestID = requestID
        self.fingerprint = fingerprint
    }
}

/// As the header of a message.
extension CommandSender {
    public var json: String {
        String(json: { json in
            json.openObject()
            json.field("principal", principal.id)
            json.field("role", principal.role.rawValue)
            if let stores = principal.scope.stores {
                json.key("stores")
                json.openArray()
                for store in stores { json.value(store.rawValue) }
                json.closeArray()
            }
            json.field("request_id", requestID)
            json.field("fingerprint", fingerprint.hexadecimal)
            json.closeObject()
        })
    }

    /// - Throws: `UnreadableData` unless it is what ``json`` writes.
    public init(json: String) throws(UnreadableData) {
        guard let value = try? JSONParser.parse(Array(json.utf8)) else { throw UnreadableData("it is not JSON") }
        let fields = try ObjectFields(value)
        guard let fingerprint = [UInt8](hexadecimal: try fields.text("fingerprint").utf8, count: 32) else {
            throw UnreadableData("fingerprint is not a SHA-256")
        }
        var scope = StoreScope.all
        if let stores = fields["stores"] {
            guard case .array(let values) = stores else { throw UnreadableData("stores is not an array") }
            scope = .only(
                Set(values.compactMap { if case .integer(let id) = $0 { StoreID(rawValue: id) } else { nil } }))
        }
        self.init(
            Principal(id: try fields.text("principal"), role: try fields.value("role"), scope: scope),
            requestID: try fields.text("request_id"), fingerprint: fingerprint)
    }
}
