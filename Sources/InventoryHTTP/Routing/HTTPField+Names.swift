import HTTPTypes
import InventoryContract

extension HTTPField.Name {
    static let cacheStatus = HTTPField.Name(HeaderName.cacheStatus)!
    static let idempotencyKey = HTTPField.Name(HeaderName.idempotencyKey)!
    static let idempotentReplayed = HTTPField.Name(HeaderName.idempotentReplayed)!
    static let inventoryFreshness = HTTPField.Name(HeaderName.freshness)!
    static let inventoryHistory = HTTPField.Name(HeaderName.history)!
    static let inventoryMinPosition = HTTPField.Name(HeaderName.minimumPosition)!
    static let inventoryPosition = HTTPField.Name(HeaderName.position)!
    static let rateLimit = HTTPField.Name(HeaderName.rateLimit)!
    static let rateLimitPolicy = HTTPField.Name(HeaderName.rateLimitPolicy)!
    static let prefer = HTTPField.Name("Prefer")!
    static let preferenceApplied = HTTPField.Name("Preference-Applied")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    static let traceParent = HTTPField.Name("traceparent")!
    static let requestID = HTTPField.Name(HeaderName.requestID)!
    /// `no`: nginx passes on what it receives, instead of waiting for more.
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!
}

extension HTTPFields {
    /// Like the subscript, which allocates a new string even for a single field.
    func text(of name: HTTPField.Name) -> String? {
        guard let first = firstIndex(where: { $0.name == name }) else { return nil }
        let isSingle = !self[index(after: first)...].contains { $0.name == name }
        return isSingle ? self[first].value : self[name]
    }
}
