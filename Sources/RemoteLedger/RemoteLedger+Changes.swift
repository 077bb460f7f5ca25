public import Inventory
import JSON

extension RemoteLedger {
    /// The next changes of a store, or of all ledgers that the key may see, as JSON; none if there are none for a while.
    /// - Parameter after: What a call returned as `next`; or a position, an event's id, `latest`, or nothing for
    ///   the beginning.
    public func changes(
        of store: StoreID?, after: String, wait: Duration
    ) async throws(LedgerError) -> (events: [String], next: String) {
        let path = store.map { "/stores/\($0)/changes" } ?? "/changes"
        let response = try await server.send(
            .get(
                path,
                [("after", after.isEmpty ? nil : after), ("limit", "1000"), ("wait", String(wait.components.seconds))]))
        return try server.reading { () throws(UnreadableData) in
            let fields = try response.fields()
            guard case .array(let items)? = fields["items"] else { throw UnreadableData("items is missing") }
            let events = items.map { item in String(json: { $0.value(item) }) }
            return (events, try fields.text(store == nil ? "next_after" : "next_id"))
        }
    }
}
