import Inventory

/// How much the HTTP front takes.
public struct Limits: Sendable {
    /// The bytes of a request's body.
    public var bodyBytes = 1_048_576
    /// The bytes of a request's target and all its header fields.
    public var headerBytes = 16_384
    public var headerFields = 100
    /// The units of one movement; never above `Quantity.maximum`.
    public var quantity = Quantity.maximum
    /// The characters (Unicode scalars) of a name, category, unit, SKU or reference, and of a text in a query.
    public var nameCharacters = 200
    public var noteCharacters = 1_000
    /// The movements of one batch.
    public var batch = 1_000
    /// The items of one page, at most and unless asked otherwise.
    public var page = 1_000
    public var defaultPage = 100
    public var connections = ConnectionLimits()

    public init() {}

    /// For what was valid once.
    static let widest: Limits = {
        var limits = Limits()
        (limits.nameCharacters, limits.noteCharacters, limits.batch) = (.max, .max, .max)
        return limits
    }()
}
