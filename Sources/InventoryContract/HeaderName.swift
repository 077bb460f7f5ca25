/// Names of the contract's own header fields, and of those that it gives a meaning.
public enum HeaderName {
    public static let cacheStatus = "Cache-Status"
    public static let idempotencyKey = "Idempotency-Key"
    public static let idempotentReplayed = "Idempotent-Replayed"
    public static let freshness = "Inventory-Freshness"
    public static let history = "Inventory-History"
    public static let minimumPosition = "Inventory-Min-Position"
    public static let position = "Inventory-Position"
    public static let rateLimit = "RateLimit"
    public static let rateLimitPolicy = "RateLimit-Policy"
    public static let requestID = "X-Request-Id"
}
