public import Inventory

/// How much the HTTP front takes.
public struct Limits: Sendable {
    /// The bytes of a request's body.
    public var bodyBytes = 1_048_576
    /// The bytes of a request's target and all its header fields.
    public var headerBytes = 16_384
    public var headerFields = 100
    /// Of names and movements; a text in a query may be as long as a name.
    public var input = InputLimits()
    /// The movements of one batch.
    public var batch = 1_000
    /// The items of one page, at most.
    public var page = 1_000
    /// Those of a page for which no other number is asked.
    public var defaultPage: Int { min(100, page) }
    public var connections = ConnectionLimits()

    public init() {}

    /// For what was valid once.
    static let widest: Limits = {
        var limits = Limits()
        (limits.input.nameCharacters, limits.input.noteCharacters, limits.batch) = (.max, .max, .max)
        return limits
    }()
}
