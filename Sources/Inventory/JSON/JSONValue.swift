/// JSON as it was read: what Khata's bodies can hold, and what they must be told apart from.
public enum JSONValue: Equatable, Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    /// With a fraction or an exponent, or past 64 bits: no field takes it, so its value is not kept.
    case otherNumber
    case text(String)
    case array([JSONValue])
    /// In order, with the repetitions that it may have.
    case object([JSONMember])
}

public struct JSONMember: Equatable, Sendable {
    public let name: String
    public let value: JSONValue

    public init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}

/// Why some bytes are not JSON.
public struct JSONSyntaxError: Error, Equatable {
    public let reason: String
    /// From the first byte, which is 0.
    public let offset: Int

    public init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
