package import JSON

/// What cannot be read: a newer program wrote it, or none of ours did.
public struct UnreadableData: Error, Hashable, CustomStringConvertible {
    public let description: String

    /// - Parameter description: What cannot be read, for who looks into the log.
    public init(_ description: String) {
        self.description = description
    }
}

/// The fields of a JSON object that was stored, or that a server sent. Those that nobody asks for are passed over: newer
/// programs write more.
package struct ObjectFields: Sendable {
    package let members: [JSONMember]

    package init(_ value: JSONValue) throws(UnreadableData) {
        guard case .object(let members) = value else {
            throw UnreadableData("it is not an object where there should be one")
        }
        self.members = members
    }

    /// `nil` if it is missing or null.
    package subscript(name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    /// What a field says, which has to be there.
    private func required<Value>(_ name: String, _ value: Value?) throws(UnreadableData) -> Value {
        guard let value else { throw UnreadableData("\(name) is missing") }
        return value
    }

    package func optionalInteger(_ name: String) throws(UnreadableData) -> Int64? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value else { throw UnreadableData("\(name) is not an integer") }
        return number
    }

    package func integer(_ name: String) throws(UnreadableData) -> Int64 {
        try required(name, try optionalInteger(name))
    }

    package func number<Number: LedgerNumber>(_ name: String) throws(UnreadableData) -> Number {
        Number(rawValue: try integer(name))
    }

    package func optionalText(_ name: String) throws(UnreadableData) -> String? {
        guard let value = self[name] else { return nil }
        guard case .text(let text) = value else { throw UnreadableData("\(name) is not a text") }
        return text
    }

    package func text(_ name: String) throws(UnreadableData) -> String { try required(name, try optionalText(name)) }

    /// A text that names one of a type's values.
    package func value<Value: RawRepresentable<String>>(_ name: String) throws(UnreadableData) -> Value {
        let text = try text(name)
        guard let value = Value(rawValue: text) else { throw UnreadableData("the \(name) \(text) is not known") }
        return value
    }

    package func optionalTime(_ name: String) throws(UnreadableData) -> Timestamp? {
        guard let text = try optionalText(name) else { return nil }
        guard let time = Timestamp(text) else { throw UnreadableData("\(name) is not a time") }
        return time
    }

    package func time(_ name: String) throws(UnreadableData) -> Timestamp { try required(name, try optionalTime(name)) }

    package func object(_ name: String) throws(UnreadableData) -> ObjectFields {
        try ObjectFields(try required(name, self[name]))
    }

    package func optionalObjects(_ name: String) throws(UnreadableData) -> [ObjectFields]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw UnreadableData("\(name) is not an array") }
        var objects: [ObjectFields] = []
        objects.reserveCapacity(elements.count)
        for element in elements { objects.append(try ObjectFields(element)) }
        return objects
    }

    package func objects(_ name: String) throws(UnreadableData) -> [ObjectFields] {
        try required(name, try optionalObjects(name))
    }
}
