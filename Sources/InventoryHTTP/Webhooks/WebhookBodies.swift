import Access
import Inventory
import InventoryContract
import StockEvents

struct WebhookBody: DeclaredBody {
    let url: String
    let scope: StoreScope
    /// `nil`: all.
    let types: [String]?
    let start: SubscriptionStart

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let url = fields.text("url", "must be a URL", as: { $0 })
        let scope = fields.scope("stores")
        types = fields.optionalChoices("types", of: ChangeEvent.types)
        start = fields.optionalFlag("from_beginning") == true ? .beginning : .end
        guard let url, let scope else { return nil }
        self.url = url
        self.scope = scope
    }
}

struct WebhookRotationBody: DeclaredBody {
    /// How long the old secret signs along.
    let overlap: Duration

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let hours = fields.optionalInteger("overlap_hours", in: APIKey.overlapHours) ?? APIKey.standardOverlapHours
        overlap = .seconds(hours * 3_600)
    }
}

struct WebhookReplayBody: DeclaredBody {
    let storeID: StoreID
    /// The events after it are sent.
    let position: Position

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let range = 0...maximumJSONInteger
        guard let store = fields.integer("store_id", in: range), let position = fields.integer("position", in: range)
        else { return nil }
        storeID = StoreID(rawValue: store)
        self.position = Position(rawValue: position)
    }
}
