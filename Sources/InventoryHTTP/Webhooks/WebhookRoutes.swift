import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import Webhooks

extension InventoryAPI {
    /// Creates a webhook. Its secret is in this response only.
    ///
    /// Ignores `Idempotency-Key`, as ``createKey(_:)`` does.
    func createWebhook(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let new: WebhookBody = try context.read(&fields)
        let command = try context.commandContext()
        let (record, secret) = try await asProblem {
            try await webhooks.create(url: new.url, scope: new.scope, types: new.types, from: new.start, command)
        }
        var response = Response.json(.created) { $0.value(record, with: secret) }
        response.headers[.location] = "/api/v1/admin/webhooks/\(record.id)"
        return response
    }

    func listWebhooks(_ context: RequestContext) async throws -> Response {
        let list = try await webhooks.list()
        return Response.json(capacity: 128 + 512 * list.count) { json in
            json.openObject()
            json.key("items")
            json.openArray()
            for (webhook, delivery) in list { json.value(webhook, delivery: delivery) }
            json.closeArray()
            json.key("next_cursor")
            json.null()
            json.closeObject()
        }
    }

    func readWebhook(_ context: RequestContext) async throws -> Response {
        let (record, deliveries) = try await webhooks.show(context.webhookID)
        return Response.json { $0.value(record, deliveries: deliveries) }
    }

    func deleteWebhook(_ context: RequestContext) async throws -> Response {
        let command = try context.commandContext()
        try await asProblem { try await webhooks.delete(context.webhookID, command) }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    /// Replaces the secret; the new one is in this response only.
    func rotateWebhook(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let rotation: WebhookRotationBody = try context.read(&fields)
        let command = try context.commandContext()
        let (record, secret) = try await asProblem {
            try await webhooks.rotate(context.webhookID, overlap: rotation.overlap, command)
        }
        return Response.json { $0.value(record, with: secret) }
    }

    func disableWebhook(_ context: RequestContext) async throws -> Response {
        let command = try context.commandContext()
        let record = try await asProblem { try await webhooks.disable(context.webhookID, command) }
        return Response.json { $0.value(record) }
    }

    func enableWebhook(_ context: RequestContext) async throws -> Response {
        let command = try context.commandContext()
        let record = try await asProblem { try await webhooks.enable(context.webhookID, command) }
        return Response.json { $0.value(record) }
    }

    /// The instance that delivers the webhook begins within a second or so.
    func replayWebhook(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let replay: WebhookReplayBody = try context.read(&fields)
        let command = try context.commandContext()
        let record = try await asProblem {
            try await webhooks.replay(replay.storeID, after: replay.position, to: context.webhookID, command)
        }
        return Response.json(.accepted) { $0.value(record) }
    }

    /// Tells what the receiver did, but nothing of what it sent.
    func testWebhook(_ context: RequestContext) async throws -> Response {
        let test = try await webhookTests.run(for: context.principal.id) {
            try await webhooks.test(context.webhookID)
        }
        return Response.json { $0.value(test) }
    }

    private func asProblem<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch WebhookAdministration.Refusal.url(let invalid) {
            throw Problem(invalidBody: [Problem.Item(pointer: "/url", detail: invalid.description)])
        } catch WebhookAdministration.Refusal.tooMany {
            throw Problem(.forbidden, "There are \(WebhookRecord.maximum) webhooks already: delete one first.")
        } catch WebhookAdministration.Refusal.unknownStore(let id) {
            throw Problem(.notFound, "Store \(id) does not exist.")
        } catch WebhookAdministration.Refusal.otherStore(let id) {
            throw Problem(.notFound, "The webhook does not get the events of store \(id).")
        } catch WebhookAdministration.Refusal.positionBeyondEnd(let end) {
            throw Problem(invalidBody: [
                Problem.Item(pointer: "/position", detail: "must not be beyond the last one, \(end)")
            ])
        } catch LedgerError.outcomeUnknown {
            throw Problem.outcomeUnknown("look at the webhook, or at the list")
        }
    }
}

extension RequestContext {
    /// The `{webhook_id}` of the path.
    fileprivate var webhookID: String { placeholder(path.webhookID) }
}
