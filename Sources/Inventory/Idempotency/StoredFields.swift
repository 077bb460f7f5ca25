import JSON

/// The fields of a stored JSON object. Fields that are not read are ignored.
struct StoredFields {
    private let members: [JSONMember]

    init(_ value: JSONValue) throws(UnreadableData) {
        guard case .object(let members) = value else {
            throw UnreadableData("it is not an object where there should be one")
        }
        self.members = members
    }

    subscript(name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    func integer(_ name: String) throws(UnreadableData) -> Int64 {
        guard case .integer(let number) = self[name] else { throw UnreadableData("\(name) is not an integer") }
        return number
    }

    func number<Number: LedgerNumber>(_ name: String) throws(UnreadableData) -> Number {
        Number(rawValue: try integer(name))
    }

    func optionalText(_ name: String) throws(UnreadableData) -> String? {
        guard let value = self[name] else { return nil }
        guard case .text(let text) = value else { throw UnreadableData("\(name) is not a text") }
        return text
    }

    func text(_ name: String) throws(UnreadableData) -> String {
        guard let text = try optionalText(name) else { throw UnreadableData("\(name) is missing") }
        return text
    }

    func object(_ name: String) throws(UnreadableData) -> StoredFields {
        guard let value = self[name] else { throw UnreadableData("\(name) is missing") }
        return try StoredFields(value)
    }

    func objects(_ name: String) throws(UnreadableData) -> [StoredFields] {
        guard case .array(let elements) = self[name] else { throw UnreadableData("\(name) is not an array") }
        var objects: [StoredFields] = []
        objects.reserveCapacity(elements.count)
        for element in elements { objects.append(try StoredFields(element)) }
        return objects
    }

    /// The name and value of the object's only field: a case of an enumeration.
    func only(_ what: String) throws(UnreadableData) -> (name: String, StoredFields) {
        guard let member = members.first, members.count == 1 else {
            throw UnreadableData("\(what) has the fields \(names), and not one")
        }
        return (member.name, try StoredFields(member.value))
    }

    /// For error messages.
    var names: String { members.map(\.name).joined(separator: ", ") }
}
