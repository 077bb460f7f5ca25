import Access
import Inventory
import InventoryContract
import JSON
import RemoteLedger
import Webhooks

/// Where webhooks are managed: in a database or file, or through a server. What they are is JSON as of the contract.
enum WebhookPlace {
    case here(WebhookAdministration)
    case server(RemoteLedger)

    private static let path = "/admin/webhooks"

    func create(
        url: String, scope: StoreScope, types: [String]?, from start: SubscriptionStart,
        _ context: CommandContext
    ) async throws -> JSONValue {
        switch self {
        case .here(let webhooks):
            let (record, secret) = try await webhooks.create(
                url: url, scope: scope, types: types, from: start, context)
            return try parsed { $0.value(record, with: secret) }
        case .server(let server):
            return try await server.post(Self.path) { json in
                json.openObject()
                json.field("url", url)
                if let stores = scope.stores {
                    json.key("stores")
                    json.openArray()
                    for store in stores.sorted() { json.value(store.rawValue) }
                    json.closeArray()
                }
                if let types {
                    json.key("types")
                    json.openArray()
                    for type in types { json.value(type) }
                    json.closeArray()
                }
                json.field("from_beginning", start == .beginning)
                json.closeObject()
            }
        }
    }

    func list() async throws -> [JSONValue] {
        switch self {
        case .here(let webhooks):
            return try await webhooks.list().map { webhook, delivery in
                try parsed { $0.value(webhook, delivery: delivery) }
            }
        case .server(let server):
            guard case .array(let items)? = try ObjectFields(await server.get(Self.path))["items"] else {
                return []
            }
            return items
        }
    }

    func show(_ id: String) async throws -> JSONValue {
        switch self {
        case .here(let webhooks):
            let (record, deliveries) = try await webhooks.show(id)
            return try parsed { $0.value(record, deliveries: deliveries) }
        case .server(let server):
            return try await server.get("\(Self.path)/\(id)")
        }
    }

    func test(_ id: String) async throws -> JSONValue {
        switch self {
        case .here(let webhooks):
            let test = try await webhooks.test(id)
            return try parsed { $0.value(test) }
        case .server(let server):
            return try await server.post("\(Self.path)/\(id)/test")
        }
    }

    func replay(
        _ storeID: StoreID, after position: Position, to id: String, _ context: CommandContext
    ) async throws {
        switch self {
        case .here(let webhooks):
            _ = try await webhooks.replay(storeID, after: position, to: id, context)
        case .server(let server):
            _ = try await server.post("\(Self.path)/\(id)/replay") { json in
                json.openObject()
                json.field("store_id", storeID)
                json.field("position", position)
                json.closeObject()
            }
        }
    }

    func rotate(
        _ id: String, overlap: Duration, _ context: CommandContext
    ) async throws -> (JSONValue, WebhookSecret) {
        let (record, secret): (JSONValue, WebhookSecret)
        switch self {
        case .here(let webhooks):
            let (rotated, new) = try await webhooks.rotate(id, overlap: overlap, context)
            (record, secret) = (try parsed { $0.value(rotated) }, new)
        case .server(let server):
            record = try await server.post("\(Self.path)/\(id)/rotate") { json in
                json.openObject()
                json.field("overlap_hours", overlap.components.seconds / 3_600)
                json.closeObject()
            }
            guard let new = WebhookSecret(try ObjectFields(record).text("secret")) else {
                throw Failure("The server responded with no secret.")
            }
            secret = new
        }
        return (record, secret)
    }

    func disable(_ id: String, _ context: CommandContext) async throws {
        switch self {
        case .here(let webhooks): _ = try await webhooks.disable(id, context)
        case .server(let server): _ = try await server.post("\(Self.path)/\(id)/disable")
        }
    }

    func enable(_ id: String, _ context: CommandContext) async throws {
        switch self {
        case .here(let webhooks): _ = try await webhooks.enable(id, context)
        case .server(let server): _ = try await server.post("\(Self.path)/\(id)/enable")
        }
    }

    func delete(_ id: String, _ context: CommandContext) async throws {
        switch self {
        case .here(let webhooks): try await webhooks.delete(id, context)
        case .server(let server): try await server.delete("\(Self.path)/\(id)")
        }
    }

    private func parsed(_ write: (inout JSONWriter<[UInt8]>) -> Void) throws -> JSONValue {
        try JSONParser.parse(Array(String(json: write).utf8))
    }
}
