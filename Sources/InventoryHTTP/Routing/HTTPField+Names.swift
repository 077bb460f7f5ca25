import HTTPTypes

extension HTTPField.Name {
    static let cacheStatus = HTTPField.Name("Cache-Status")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed")!
    static let inventoryFreshness = HTTPField.Name("Inventory-Freshness")!
    static let inventoryHistory = HTTPField.Name("Inventory-History")!
    static let inventoryMinPosition = HTTPField.Name("Inventory-Min-Position")!
    static let inventoryPosition = HTTPField.Name("Inventory-Position")!
    static let rateLimit = HTTPField.Name("RateLimit")!
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
    static let requestID = HTTPField.Name("X-Request-Id")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}

extension HTTPFields {
    /// As the subscript, which makes a text of its own even of a single field.
    func text(of name: HTTPField.Name) -> String? {
        guard let first = firstIndex(where: { $0.name == name }) else { return nil }
        let isSingle = !self[index(after: first)...].contains { $0.name == name }
        return isSingle ? self[first].value : self[name]
    }
}
