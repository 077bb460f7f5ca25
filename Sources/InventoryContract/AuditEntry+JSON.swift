public import Inventory
public import JSON

extension JSONWriter {
    @inlinable
    public mutating func value(_ entry: AuditEntry) {
        openObject()
        field("store_id", entry.storeID)
        field("position", entry.position)
        field("recorded_at", entry.recordedAt)
        field("actor", entry.actor)
        field("action", entry.actionName)
        field("request_id", entry.requestID)
        key("detail")
        value(json: entry.detail)
        field("hash", entry.hash.description)
        closeObject()
    }
}
