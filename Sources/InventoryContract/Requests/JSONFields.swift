import Basics
package import Inventory
package import JSON

/// The fields of a JSON object, read one by one. Collects everything that is wrong with them; fields that are not read
/// are refused as unknown.
package struct JSONFields {
    /// The maximum number of unknown fields reported.
    private static let maximumProblems = 20

    /// The object's location in the body: a JSON pointer.
    private let pointer: String
    /// `nil` if it is not an object, which is then the only problem reported.
    private let members: [JSONMember]?
    private var readNames: [String] = []
    private var problems: [Problem.Item] = []

    /// A body of the contract has fewer values: a batch has at most 10,000 lines, of ten fields or so. Without a limit, a
    /// body would take sixteen times its size once it is parsed.
    private static let maximumValues = 250_000

    /// The fields of a body.
    /// - Throws: 400 unless it is JSON.
    package init(parsing body: UnsafeRawBufferPointer) throws(Problem) {
        do throws(JSONSyntaxError) {
            self.init(of: try JSONParser.parse(body, atMost: Self.maximumValues), at: "")
        } catch {
            throw Problem(.malformedJSON, "The body is not JSON: \(error.reason), at byte \(error.offset).")
        }
    }

    package init(of value: JSONValue, at pointer: String) {
        self.pointer = pointer
        if case .object(let members) = value {
            self.members = members
        } else {
            members = nil
            problems.append(Problem.Item(pointer: pointer, detail: "must be an object"))
        }
    }

    /// Reads a value from the fields.
    /// - Throws: 422 with everything that is wrong with them.
    package mutating func reading<Value>(_ read: (inout JSONFields) -> Value?) throws(Problem) -> Value {
        let value = read(&self)
        refuseOthers()
        guard let value, problems.isEmpty else { throw Problem(invalidBody: problems) }
        return value
    }

    /// Whether a field is `true`. Does not count as reading the field, so the body can still be validated.
    package func isTrue(_ name: String) -> Bool {
        members?.first { $0.name.hasSameBytes(as: name) }?.value == .flag(true)
    }

    package mutating func refuse(_ name: String, _ detail: String) {
        problems.append(Problem.Item(pointer: "\(pointer)/\(name)", detail: detail))
    }

    private mutating func refuseOthers() {
        var known = readNames
        for member in members ?? [] where problems.count < Self.maximumProblems {
            if let index = known.firstIndex(where: member.name.hasSameBytes) {
                known.remove(at: index)
                continue
            }
            let detail = readNames.contains(where: member.name.hasSameBytes) ? "is repeated" : "is not a field of this"
            refuse(member.name.excerpt.pointerToken, detail)
        }
    }
}

extension String {
    /// Escaped for a JSON pointer (RFC 6901, section 3).
    fileprivate var pointerToken: String {
        let bytes = utf8.flatMap { byte in
            switch byte {
            case UInt8(ascii: "~"): Array("~0".utf8)
            case UInt8(ascii: "/"): Array("~1".utf8)
            default: [byte]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONFields {
    package mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = required(name) else { return nil }
        return integer(value, name, range)
    }

    package mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        optional(name).flatMap { integer($0, name, range) }
    }

    package mutating func id<ID: LedgerNumber>(_ name: String) -> ID? {
        integer(name, in: 1...maximumJSONInteger).map(ID.init(rawValue:))
    }

    package mutating func optionalID<ID: LedgerNumber>(_ name: String) -> ID? {
        optionalInteger(name, in: 1...maximumJSONInteger).map(ID.init(rawValue:))
    }

    /// An array of 1 to `maximum` ids.
    package mutating func optionalIDs<ID: LedgerNumber>(_ name: String, atMost maximum: Int) -> Set<ID>? {
        guard let value = optional(name) else { return nil }
        if case .array(let elements) = value, (1...maximum).contains(elements.count) {
            let ids: [ID] = elements.compactMap {
                guard case .integer(let number) = $0, (1...maximumJSONInteger).contains(number) else { return nil }
                return ID(rawValue: number)
            }
            if ids.count == elements.count { return Set(ids) }
        }
        refuse(name, "must be an array of 1 to \(maximum) ids")
        return nil
    }

    package mutating func text(_ name: String, atMost maximum: Int) -> String? {
        guard let value = required(name) else { return nil }
        return text(value, name, maximum)
    }

    package mutating func optionalText(_ name: String, atMost maximum: Int) -> String? {
        optional(name).flatMap { text($0, name, maximum) }
    }

    /// - Parameter detail: What it must be, if it cannot be parsed.
    package mutating func text<Value>(_ name: String, _ detail: String, as parse: (String) -> Value?) -> Value? {
        guard let value = required(name) else { return nil }
        if case .text(let text) = value, let parsed = parse(text) { return parsed }
        refuse(name, detail)
        return nil
    }

    package mutating func optionalTime(_ name: String) -> Timestamp? {
        guard let value = optional(name) else { return nil }
        if case .text(let text) = value, let time = Timestamp(text) { return time }
        refuse(name, "must be an RFC 3339 time, as 2026-11-20T19:55:00Z")
        return nil
    }

    package mutating func optionalFlag(_ name: String) -> Bool? {
        guard let value = optional(name) else { return nil }
        if case .flag(let flag) = value { return flag }
        refuse(name, "must be true or false")
        return nil
    }

    package mutating func choice<Choice>(_ name: String, of choices: [(name: String, choice: Choice)]) -> Choice? {
        guard let value = required(name) else { return nil }
        if case .text(let text) = value, let match = choices.first(where: { text.hasSameBytes(as: $0.name) }) {
            return match.choice
        }
        refuse(name, "must be one of \(choices.map(\.name).joined(separator: ", "))")
        return nil
    }

    /// Some of several choices, each once.
    package mutating func optionalChoices(_ name: String, of choices: [String]) -> [String]? {
        guard let value = optional(name) else { return nil }
        if case .array(let elements) = value, (1...choices.count).contains(elements.count) {
            let chosen = choices.filter { choice in
                elements.contains { if case .text(let text) = $0 { text.hasSameBytes(as: choice) } else { false } }
            }
            if chosen.count == elements.count { return chosen }
        }
        refuse(name, "must be an array of some of \(choices.joined(separator: ", ")), each once")
        return nil
    }

    package mutating func optionalIntegers(_ name: String, atMost maximum: Int) -> [Int64]? {
        guard let value = optional(name) else { return nil }
        if case .array(let elements) = value, (1...maximum).contains(elements.count) {
            let integers = elements.compactMap { if case .integer(let number) = $0 { number } else { nil } }
            if integers.count == elements.count { return integers }
        }
        refuse(name, "must be an array of 1 to \(maximum) integers")
        return nil
    }

    /// Reads a value from a nested object.
    package mutating func optionalObject<Value>(_ name: String, _ read: (inout JSONFields) -> Value?) -> Value? {
        guard let value = optional(name) else { return nil }
        var fields = JSONFields(of: value, at: "\(pointer)/\(name)")
        let object = read(&fields)
        fields.refuseOthers()
        problems += fields.problems
        return object
    }

    /// The elements of an array, each with its own fields.
    package mutating func objects(_ name: String, atMost maximum: Int) -> [JSONFields]? {
        guard let value = required(name) else { return nil }
        guard case .array(let elements) = value, (1...maximum).contains(elements.count) else {
            refuse(name, "must be an array of 1 to \(maximum)")
            return nil
        }
        return elements.enumerated().map { JSONFields(of: $1, at: "\(pointer)/\(name)/\($0)") }
    }
}

extension JSONFields {
    /// A field's value; `nil` if it is missing or null.
    private mutating func optional(_ name: String) -> JSONValue? {
        readNames.append(name)
        guard let member = members?.first(where: { $0.name.hasSameBytes(as: name) }), member.value != .null else {
            return nil
        }
        return member.value
    }

    private mutating func required(_ name: String) -> JSONValue? {
        if let value = optional(name) { return value }
        if members != nil { refuse(name, "is required") }
        return nil
    }

    private mutating func integer(_ value: JSONValue, _ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        if case .integer(let number) = value, range.contains(number) { return number }
        refuse(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    private mutating func text(_ value: JSONValue, _ name: String, _ maximum: Int) -> String? {
        if case .text(let text) = value, isPrintable(text, atMost: maximum) { return text }
        refuse(name, "must be a string of 1 to \(maximum) characters without control or invisible characters")
        return nil
    }
}
