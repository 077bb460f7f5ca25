/// JSON as it was read: what Khata's bodies can hold, and what they must be told apart from.
enum JSONValue: Equatable, Sendable {
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

struct JSONMember: Equatable, Sendable {
    let name: String
    let value: JSONValue
}

/// Why some bytes are not JSON.
struct JSONSyntaxError: Error, Equatable {
    let reason: String
    /// From the first byte, which is 0.
    let offset: Int
}
