import Inventory
import InventoryContract
import JSON

/// The fields of an object in an answer. What the contract adds later is passed over.
struct ResponseFields: Sendable {
    let members: [JSONMember]

    init(_ value: JSONValue) throws(UnexpectedResponse) {
        guard case .object(let members) = value else { throw UnexpectedResponse("an object is missing") }
        self.members = members
    }

    /// `nil` if it is missing or null.
    subscript(name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    func optionalInteger(_ name: String) throws(UnexpectedResponse) -> Int64? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value else { throw UnexpectedResponse("\(name) is no integer") }
        return number
    }

    func integer(_ name: String) throws(UnexpectedResponse) -> Int64 {
        guard let number = try optionalInteger(name) else { throw UnexpectedResponse("\(name) is missing") }
        return number
    }

    func number<Number: LedgerNumber>(_ name: String) throws(UnexpectedResponse) -> Number {
        Number(rawValue: try integer(name))
    }

    func optionalText(_ name: String) throws(UnexpectedResponse) -> String? {
        guard let value = self[name] else { return nil }
        guard case .text(let text) = value else { throw UnexpectedResponse("\(name) is no text") }
        return text
    }

    func text(_ name: String) throws(UnexpectedResponse) -> String {
        guard let text = try optionalText(name) else { throw UnexpectedResponse("\(name) is missing") }
        return text
    }

    /// A text that names one of a type's values.
    func value<Value: RawRepresentable<String>>(_ name: String) throws(UnexpectedResponse) -> Value {
        guard let value = Value(rawValue: try text(name)) else { throw UnexpectedResponse("\(name) is not known") }
        return value
    }

    func optionalTime(_ name: String) throws(UnexpectedResponse) -> Timestamp? {
        guard let text = try optionalText(name) else { return nil }
        guard let time = Timestamp(text) else { throw UnexpectedResponse("\(name) is no time") }
        return time
    }

    func time(_ name: String) throws(UnexpectedResponse) -> Timestamp {
        guard let time = try optionalTime(name) else { throw UnexpectedResponse("\(name) is missing") }
        return time
    }

    func object(_ name: String) throws(UnexpectedResponse) -> ResponseFields {
        guard let value = self[name] else { throw UnexpectedResponse("\(name) is missing") }
        return try ResponseFields(value)
    }

    /// Empty if it is missing.
    func objects(_ name: String) throws(UnexpectedResponse) -> [ResponseFields] {
        guard let value = self[name] else { return [] }
        guard case .array(let elements) = value else { throw UnexpectedResponse("\(name) is no array") }
        var objects: [ResponseFields] = []
        objects.reserveCapacity(elements.count)
        for element in elements { objects.append(try ResponseFields(element)) }
        return objects
    }
}
