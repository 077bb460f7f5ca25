import Access
import Basics
import Inventory
import JSON
import StockEvents

/// What is sent to a webhook: an event in JSON, under an id that all attempts to send it share.
struct WebhookMessage: Sendable {
    /// Unique among the events of all stores.
    let id: String
    let body: String

    init(_ event: ChangeEvent) {
        // Without a dot, which separates the id from the time in what is signed.
        id = "\(event.storeID)-\(event.id)"
        body = String(json: { event.write(to: &$0) })
    }

    /// An event that tells of no change.
    init(testing webhook: WebhookRecord, at now: Timestamp) {
        let id = "test-\(String.randomID())"
        self.id = id
        body = String(json: { json in
            json.openObject()
            json.field("specversion", "1.0")
            json.field("id", id)
            json.field("source", "/webhooks/\(webhook.id)")
            json.field("type", "khata.webhook.test.v1")
            json.field("time", now)
            json.field("datacontenttype", "application/json")
            json.key("data")
            json.openObject()
            json.field("webhook_id", webhook.id)
            json.closeObject()
            json.closeObject()
        })
    }
}
