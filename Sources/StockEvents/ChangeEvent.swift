import Basics
public import Inventory
public import JSON

/// One change to a ledger, for whoever follows it: a CloudEvent (version 1.0.2, JSON format).
///
/// It is made of the change's entry in the audit log, without who made it and through which request.
public struct ChangeEvent: Sendable {
    private let entry: AuditEntry
    private let previousHash: AuditHash

    /// - Parameter previous: The hash of the entry before it.
    init(_ entry: AuditEntry, following previous: AuditHash) {
        self.entry = entry
        previousHash = previous
    }

    /// Of one event as JSON.
    package static let mediaType = "application/cloudevents+json; charset=utf-8"

    /// Of the entry's hash, in an event's id.
    static let hashBytes = 8

    public var storeID: StoreID { entry.storeID }
    public var position: Position { entry.position }
    public var time: Timestamp { entry.recordedAt }
    /// Of a receiver whose last event this is.
    package var cursor: SubscriptionCursor {
        SubscriptionCursor(storeID: storeID, position: position, hash: entry.hash)
    }

    /// Unique among the events of a store. The position, and part of the hash of the entry and everything before it: after
    /// a failover that lost commits, another change takes the position, but never the id.
    public var id: String { Self.id(entry.position, entry.hash) }

    /// The id of the event before it, which a receiver of all events of the store has to have last; `nil` for the first one.
    public var previousID: String? {
        position.rawValue > 1 ? Self.id(Position(rawValue: position.rawValue - 1), previousHash) : nil
    }

    private static func id(_ position: Position, _ hash: AuditHash) -> String {
        "\(position)-\(hash.bytes.prefix(hashBytes).hexadecimal)"
    }

    public var type: String { Self.type(of: entry.actionName) }

    private static func type(of action: String) -> String {
        switch AuditAction(rawValue: action) {
        case .stockIn, .sale, .manualRemoval: "khata.stock.moved.v1"
        case .transferOut, .transferIn: "khata.stock.transferred.v1"
        default: "khata.\(action.replacing("-", with: ".")).v1"
        }
    }

    /// All types that there are.
    public static let types: [String] = AuditAction.ofLedgers.reduce(into: []) { types, action in
        let type = type(of: action.rawValue)
        if types.last != type { types.append(type) }
    }

    /// The position with leading zeros, so that texts compare like numbers. (Sequence extension of CloudEvents.)
    public var sequence: String {
        let digits = String(entry.position.rawValue)
        return String(repeating: "0", count: max(0, Self.sequenceDigits - digits.utf8.count)) + digits
    }

    private static let sequenceDigits = String(maximumJSONInteger).utf8.count
}

extension ChangeEvent {
    public func write<Output>(to json: inout JSONWriter<Output>) {
        json.openObject()
        json.field("specversion", "1.0")
        json.field("id", id)
        json.field("source", "/stores/\(entry.storeID)")
        json.field("type", type)
        json.field("time", time)
        json.field("sequence", sequence)
        if let previousID { json.field("previous", previousID) }
        json.field("datacontenttype", "application/json")
        json.key("data")
        writeData(to: &json)
        json.closeObject()
    }

    /// The entry's `detail`, with the fields that the audit log keeps apart in front.
    private func writeData<Output>(to json: inout JSONWriter<Output>) {
        json.openObject()
        if entry.storeID != .catalog {
            json.field("store_id", entry.storeID)
            json.field("movement_type", entry.actionName)
        }
        json.field("position", entry.position)
        json.field("recorded_at", time)
        let fields = entry.detail.utf8.dropFirst().dropLast()
        if !fields.isEmpty { json.value(json: String(Substring(fields))) }
        json.closeObject()
    }
}
