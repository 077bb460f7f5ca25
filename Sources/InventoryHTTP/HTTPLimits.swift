public import Inventory

/// The limits of the HTTP server.
public struct HTTPLimits: Sendable {
    /// Bytes of a request's body.
    public var bodyBytes = 1_048_576
    /// Bytes of all bodies that are being received or processed, and of responses that clients are slow to take. One
    /// principal gets at most half of them.
    public var bodiesBytes = 64 << 20
    /// Bytes of a request's target and header fields together.
    public var headerBytes = 16_384
    public var headerFields = 100
    /// Names and movements; a text in a query may be as long as a name.
    public var input = InputLimits()
    /// Movements of one batch.
    public var batch = 1_000
    /// The maximum items of one page.
    public var page = 1_000
    /// Items of a page if the request has no limit.
    public var defaultPage: Int { min(100, page) }
    /// Reports that run at a time.
    public var reports = 2
    /// How long API keys are valid that are made without an expiry date.
    public var keyDays = 365
    public var connections = ConnectionLimits()

    public init() {}

    /// The expiry date of a key that is made now without one.
    public var keyExpiry: Timestamp {
        Timestamp(microseconds: Timestamp.now.microseconds + Int64(keyDays) * 86_400_000_000)
    }

    /// For requests that were valid under earlier limits.
    static let widest: HTTPLimits = {
        var limits = HTTPLimits()
        (limits.input.nameCharacters, limits.input.noteCharacters, limits.batch) = (.max, .max, .max)
        return limits
    }()
}
