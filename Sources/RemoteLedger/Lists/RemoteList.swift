import Inventory
import InventoryContract

/// A list of the contract, paged by its items' keys.
struct RemoteList<Item: Sendable, Key: ListKey>: Sendable {
    let server: Server
    let cursors: Cursors
    /// The path and the filters.
    let path: String
    var query: [(name: String, value: String?)] = []
    let atLeast: LedgerPoint?
    let item: @Sendable (ObjectFields, ServerResponse) throws(UnreadableData) -> Item
    let key: @Sendable (Item) -> Key

    /// The contract's maximum page size.
    private static var maximumPage: Int { 1_000 }

    func page(after key: Key?, limit: Int) async throws(LedgerError) -> Snapshot<Page<Item, Key>> {
        var cursor: String?
        if let place = key?.place {
            switch try await following(place) {
            case .cursor(let found): cursor = found
            case .nothing(let last): return last.response.snapshot(Page(items: [], next: nil))
            }
        }
        let part = try await part(cursor, limit: min(limit, Self.maximumPage))
        let next = part.cursor == nil ? nil : part.items.last.map(self.key)
        return part.response.snapshot(Page(items: part.items, next: next))
    }

    private enum Continuation {
        /// `nil` for the start of the list.
        case cursor(String?)
        /// With the last part of the list, as evidence.
        case nothing(Part)
    }

    /// The cursor that continues after a place. If no page ended there, skips pages, from the last that ended before,
    /// until one contains the place; that one is requested again, to end there.
    private func following(_ place: Place) async throws(LedgerError) -> Continuation {
        if let known = cursors.cursor(after: place, in: name) { return .cursor(known) }
        var cursor = cursors.cursor(before: place, in: name)
        while true {
            let part = try await part(cursor, limit: Self.maximumPage)
            let passed = part.items.prefix { key($0).place <= place }.count
            if passed == 0 { return .cursor(cursor) }
            if passed < part.items.count {
                let exact = try await self.part(cursor, limit: passed)
                return exact.cursor.map { .cursor($0) } ?? .nothing(exact)
            }
            guard let next = part.cursor else { return .nothing(part) }
            cursor = next
        }
    }

    private struct Part {
        let items: [Item]
        let cursor: String?
        let response: ServerResponse
    }

    private func part(_ cursor: String?, limit: Int) async throws(LedgerError) -> Part {
        var request = ServerRequest.get(path, query + [("limit", String(limit)), ("cursor", cursor)])
        request.require(atLeast)
        let response = try await server.send(request)
        let part = try server.reading { () throws(UnreadableData) in
            let fields = try response.fields()
            var items: [Item] = []
            for object in try fields.optionalObjects("items") ?? [] { items.append(try item(object, response)) }
            return Part(items: items, cursor: try fields.optionalText("next_cursor"), response: response)
        }
        if let cursor = part.cursor, let last = part.items.last {
            cursors.remember(cursor, after: key(last).place, in: name)
        }
        return part
    }

    /// The path with the filters, which a cursor belongs to.
    private var name: String { ServerRequest.target(path, query) }
}

extension ServerResponse {
    /// For one ledger: its position from the header, the catalog's from the tag.
    func snapshot<Value>(_ value: Value) -> Snapshot<Value> {
        Snapshot(
            value: value, position: position, catalogPosition: tag.count == 2 ? tag[1] : .zero, history: history,
            source: source, unproven: unproven)
    }

    /// For the catalog: both positions from the header.
    func catalogSnapshot<Value>(_ value: Value) -> Snapshot<Value> {
        Snapshot(
            value: value, position: position, catalogPosition: position ?? .zero, history: history, source: source,
            unproven: unproven)
    }
}

extension ServerRequest {
    /// Sets the minimum position of the response.
    mutating func require(_ point: LedgerPoint?) {
        guard let point else { return }
        headers.append((HeaderName.minimumPosition, point.position.description))
        if let history = point.history { headers.append((HeaderName.history, history.id)) }
    }
}
