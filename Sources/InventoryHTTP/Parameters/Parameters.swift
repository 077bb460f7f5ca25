import Basics
import HTTPTypes
import Inventory
import InventoryContract

/// The query parameters of a request, validated against those that its route declares.
struct Parameters {
    private struct Pair {
        let parameter: QueryParameter
        let value: String
    }

    /// More than any route has; keeps the search for repetitions short.
    private static let maximum = 32

    private let path: RoutePath
    /// The principal's id: cursors of others are refused.
    private let reader: String
    private let headers: HTTPFields
    private let limits: HTTPLimits
    private let declared: [QueryParameter]
    private let pairs: [Pair]

    /// - Parameters:
    ///   - target: The request's target, with its path.
    ///   - declared: `nil` where any query is ignored.
    /// - Throws: 400 for a parameter that is not declared, is repeated or cannot be decoded.
    init(
        of target: String, declared: [QueryParameter]?, path: RoutePath, reader: String, headers: HTTPFields,
        _ limits: HTTPLimits
    ) throws(Problem) {
        self.path = path
        self.reader = reader
        self.headers = headers
        self.limits = limits
        self.declared = declared ?? []
        pairs = if let declared { try Self.pairs(of: target, declared) } else { [] }
    }

    private static func pairs(of target: String, _ declared: [QueryParameter]) throws(Problem) -> [Pair] {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let parts = target.utf8[mark...].dropFirst().split(separator: UInt8(ascii: "&"), maxSplits: maximum)
        guard parts.count <= maximum else { throw Problem(invalid: "query", "has more than \(maximum) parameters") }
        var pairs: [Pair] = []
        for part in parts {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map(\.text)
            let name = String(halves[0])
            guard halves.count == 2, let value = halves[1].percentDecoded(plusIsSpace: true) else {
                throw Problem(invalid: name, "has no value, or one that cannot be decoded")
            }
            guard let parameter = declared.first(where: { name.hasSameBytes(as: $0.rawValue) }) else {
                throw Problem(invalid: name, "is not a parameter of this")
            }
            guard !pairs.contains(where: { $0.parameter == parameter }) else {
                throw Problem(invalid: name, "is repeated")
            }
            pairs.append(Pair(parameter: parameter, value: value))
        }
        return pairs
    }

    /// Refuses parameters that the route declares for another response format.
    func refuse(_ parameters: [QueryParameter]) throws(Problem) {
        guard let pair = pairs.first(where: { parameters.contains($0.parameter) }) else { return }
        throw Problem(invalid: pair.parameter.rawValue, "is not a parameter of this")
    }

    private func text(of parameter: QueryParameter) -> String? {
        precondition(declared.contains(parameter), "the route does not declare \(parameter)")
        return pairs.first { $0.parameter == parameter }?.value
    }
}

extension Parameters {
    func integer(_ parameter: QueryParameter) throws(Problem) -> Int64? {
        guard case .integer(let range) = parameter.values else { preconditionFailure("\(parameter) is no integer") }
        return try integer(parameter, in: range)
    }

    func id<ID: LedgerNumber>(_ parameter: QueryParameter) throws(Problem) -> ID? {
        try integer(parameter).map(ID.init(rawValue:))
    }

    func limit() throws(Problem) -> Int {
        try integer(.limit, in: 1...Int64(limits.page)).map(Int.init) ?? limits.defaultPage
    }

    func text(_ parameter: QueryParameter) throws(Problem) -> String? {
        let maximum = limits.input.nameCharacters
        return try value(parameter, "must be 1 to \(maximum) characters, without control or invisible characters") {
            text in
            isPrintable(text, atMost: maximum) ? text : nil
        }
    }

    func time(_ parameter: QueryParameter) throws(Problem) -> Timestamp? {
        try value(parameter, "must be an RFC 3339 time, as 2026-11-20T19:55:00Z") { text in
            // A time has no spaces: it was the plus of an offset such as `+05:00`, not percent-encoded.
            Timestamp(String(decoding: text.utf8.map { $0 == 0x20 ? 0x2B : $0 }, as: UTF8.self))
        }
    }

    func period() throws(Problem) -> Period {
        let period = Period(from: try time(.from), to: try time(.to))
        if let from = period.from, let to = period.to, from > to {
            throw Problem(invalid: "from", "must not be after to")
        }
        return period
    }

    /// - Parameter choice: Maps the name of a value to the value.
    func choice<Choice>(_ parameter: QueryParameter, _ choice: (String) -> Choice?) throws(Problem) -> Choice? {
        guard case .oneOf(let names) = parameter.values else { preconditionFailure("\(parameter) is no choice") }
        return try value(parameter, "must be one of \(names.joined(separator: ", "))") { text in
            names.contains(where: text.hasSameBytes) ? choice(text) : nil
        }
    }

    /// The minimum position of a read, from `min_position` or `Inventory-Min-Position`, in the history that
    /// `Inventory-History` names, if it is present.
    func minimum() throws(Problem) -> LedgerPoint? {
        let parameter: Position? = try id(.minPosition)
        guard let position = try headerMinimum() ?? parameter else { return nil }
        guard parameter == nil || parameter == position else {
            throw Problem(invalid: "min_position", "differs from the header Inventory-Min-Position")
        }
        return LedgerPoint(position, in: history)
    }

    /// No history has an id that is not ASCII, in which equal ids have equal bytes.
    private var history: History? {
        headers.text(of: .inventoryHistory).map { History($0.isVisibleASCII ? $0 : "") }
    }

    private func headerMinimum() throws(Problem) -> Position? {
        guard let field = headers.text(of: .inventoryMinPosition) else { return nil }
        guard let number = Int64(field), (0...maximumJSONInteger).contains(number) else {
            throw Problem(invalid: "Inventory-Min-Position", "must be an integer from 0 to \(maximumJSONInteger)")
        }
        return Position(rawValue: number)
    }

    /// Like `minimum()`, for a list that spans stores unless the query names one.
    func minimum(in store: StoreID?) throws(Problem) -> LedgerPoint? {
        let minimum = try minimum()
        guard minimum == nil || store != nil else {
            throw Problem(invalid: "min_position", "needs store_id: a position belongs to one ledger")
        }
        return minimum
    }

    private func integer(_ parameter: QueryParameter, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        try value(parameter, "must be an integer from \(range.lowerBound) to \(range.upperBound)") { text in
            Int64(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil }
        }
    }

    func value<Value>(
        _ parameter: QueryParameter, _ expectation: String, _ read: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let text = text(of: parameter) else { return nil }
        guard let value = read(text) else { throw Problem(invalid: parameter.rawValue, expectation) }
        return value
    }
}

extension Parameters {
    /// Where the previous page ended.
    func cursor<Key: CursorKey>() throws(Problem) -> Key? {
        guard let text = text(of: .cursor) else { return nil }
        guard let key: Key = Cursor.key(in: text, of: cursorScope) else {
            throw Problem(.invalidCursor, "The cursor is damaged, or it belongs to another list or reader.")
        }
        return key
    }

    func cursor(after key: some CursorKey) -> String {
        Cursor.text(of: key, in: cursorScope)
    }

    /// The path, the filters (in any order) and the reader.
    private var cursorScope: String {
        let filters = pairs.filter { ![.cursor, .limit, .minPosition].contains($0.parameter) }
        let list = filters.sorted { $0.parameter.rawValue < $1.parameter.rawValue }.reduce(into: path.normalised) {
            $0 += "\n\($1.parameter.rawValue)=\($1.value)"
        }
        return "\(list)\n\(reader)"
    }
}
