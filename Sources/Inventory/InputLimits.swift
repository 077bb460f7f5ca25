/// How much a movement or a name may say, whichever way it comes in: through the API, on the command line, or in a file.
public struct InputLimits: Sendable {
    /// The characters (Unicode scalars) of a name, SKU, category, unit, reference or external id.
    public var nameCharacters = 200
    /// Those of a note.
    public var noteCharacters = 1_000
    /// The units of one movement; never above `Quantity.maximum`.
    public var quantity = Quantity.maximum

    /// What may be set for `nameCharacters`. A SKU and an external id are keys of indexes, which have at most 2,704
    /// bytes in the strictest database; a character has four at most.
    public static let possibleNameCharacters = 1...600

    public init() {}
}
