/// A parsed JSON value.
public enum JSONValue: Equatable, Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    /// A number with a fraction or exponent, or beyond 64 bits, as written: never a quantity, id or position.
    case otherNumber(String)
    case text(String)
    case array([JSONValue])
    /// In order, including repeated names.
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
    /// The offset in bytes, from 0.
    public let offset: Int

    public init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONWriter {
    /// Writes a parsed value: byte for byte the same if a `JSONWriter` wrote it.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .flag(let flag): self.value(flag)
        case .integer(let number): self.value(number)
        case .otherNumber(let text): self.value(json: text)
        case .text(let text): self.value(text)
        case .array(let elements):
            openArray()
            for element in elements { self.value(element) }
            closeArray()
        case .object(let members):
            openObject()
            for member in members {
                key(text: member.name)
                self.value(member.value)
            }
            closeObject()
        }
    }
}
