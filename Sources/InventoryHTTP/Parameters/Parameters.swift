import Inventory
import InventoryContract

/// The parameters of a query, taken one by one; `finish` refuses what is left.
struct Parameters {
    struct Pair: Equatable {
        let name: String
        let value: String
    }

    /// More than any route has: keeps the search for repetitions short.
    private static let maximum = 32

    private let path: RoutePath
    /// The principal's id: nobody else's cursors are taken.
    private let reader: String
    /// What `Inventory-Min-Position` and `Inventory-History` say.
    private let minimumField: String?
    private let historyField: String?
    private let limits: Limits
    private let pairs: [Pair]
    private var unused: [String]

    /// - Parameter target: the request's target, with its path.
    init(
        of target: String, path: RoutePath, reader: String, minimum: String?, history: String?, _ limits: Limits
    ) throws(Problem) {
        self.path = path
        self.reader = reader
        minimumField = minimum
        historyField = history
        self.limits = limits
        pairs = try Self.pairs(of: target)
        unused = pairs.map(\.name)
    }

    private static func pairs(of target: String) throws(Problem) -> [Pair] {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let parts = target[mark...].dropFirst().split(separator: "&")
        guard parts.count <= maximum else { throw Problem(invalid: "query", "has more than \(maximum) parameters") }
        var pairs: [Pair] = []
        for part in parts {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves[0])
            guard halves.count == 2, let value = halves[1].percentDecoded(plusIsSpace: true) else {
                throw Problem(invalid: name, "has no value that can be read")
            }
            guard !pairs.contains(where: { $0.name == name }) else { throw Problem(invalid: name, "is repeated") }
            pairs.append(Pair(name: name, value: value))
        }
        return pairs
    }

    /// - Throws: 400 for a parameter that no one took: it is unknown.
    func finish() throws(Problem) {
        if let name = unused.first { throw Problem(invalid: name, "is not a parameter of this") }
    }

    private mutating func take(_ name: String) -> String? {
        unused.removeAll { $0 == name }
        return pairs.first { $0.name == name }?.value
    }
}

extension Parameters {
    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        try value(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)") { text in
            Int64(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil }
        }
    }

    mutating func id<ID: LedgerNumber>(_ name: String, from lowest: Int64 = 1) throws(Problem) -> ID? {
        try integer(name, in: lowest...maximumJSONInteger).map(ID.init(rawValue:))
    }

    mutating func limit() throws(Problem) -> Int {
        try integer("limit", in: 1...Int64(limits.page)).map(Int.init) ?? limits.defaultPage
    }

    mutating func text(_ name: String) throws(Problem) -> String? {
        let maximum = limits.nameCharacters
        return try value(name, "must be 1 to \(maximum) characters, none of them a control character") { text in
            isPrintable(text, atMost: maximum) ? text : nil
        }
    }

    mutating func time(_ name: String) throws(Problem) -> Timestamp? {
        try value(name, "must be an RFC 3339 time, as 2026-11-20T19:55:00Z") { text in
            // A time has no spaces: that was the plus of an offset, `+05:00`, as it stands in JSON.
            Timestamp(String(text.map { $0 == " " ? "+" : $0 }))
        }
    }

    mutating func period() throws(Problem) -> Period {
        let period = Period(from: try time("from"), to: try time("to"))
        if let from = period.from, let to = period.to, from > to {
            throw Problem(invalid: "from", "must not be after to")
        }
        return period
    }

    mutating func choice<Choice>(
        _ name: String, of choices: [(name: String, choice: Choice)]
    ) throws(Problem) -> Choice? {
        try value(name, "must be one of \(choices.map(\.name).joined(separator: ", "))") { text in
            choices.first { $0.name == text }?.choice
        }
    }

    /// How new a read must be, by `min_position` or `Inventory-Min-Position`, in the history that `Inventory-History`
    /// names, if it does.
    mutating func minimum() throws(Problem) -> LedgerPoint? {
        let parameter: Position? = try id("min_position", from: 0)
        guard let position = try minimumOfHeader() ?? parameter else { return nil }
        guard parameter == nil || parameter == position else {
            throw Problem(invalid: "min_position", "differs from the header Inventory-Min-Position")
        }
        return LedgerPoint(position, in: historyField.map { History($0) })
    }

    private func minimumOfHeader() throws(Problem) -> Position? {
        guard let minimumField else { return nil }
        guard let number = Int64(minimumField), (0...maximumJSONInteger).contains(number) else {
            throw Problem(invalid: "Inventory-Min-Position", "must be an integer from 0 to \(maximumJSONInteger)")
        }
        return Position(rawValue: number)
    }

    /// As `minimum`, for a list that is about one store only if the query names one.
    mutating func minimum(in store: StoreID?) throws(Problem) -> LedgerPoint? {
        let minimum = try minimum()
        guard minimum == nil || store != nil else {
            throw Problem(invalid: "min_position", "needs store_id: a position is one ledger's")
        }
        return minimum
    }

    private mutating func value<Value>(
        _ name: String, _ expectation: String, _ read: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let text = take(name) else { return nil }
        guard let value = read(text) else { throw Problem(invalid: name, expectation) }
        return value
    }
}

extension Parameters {
    /// Where the page before ended.
    mutating func cursor<Key: CursorKey>() throws(Problem) -> Key? {
        guard let text = take("cursor") else { return nil }
        guard let key: Key = Cursor.key(in: text, of: cursorScope) else {
            throw Problem(.invalidCursor, "The cursor is damaged, or it belongs to another list or reader.")
        }
        return key
    }

    func cursor(after key: some CursorKey) -> String {
        Cursor.text(of: key, in: cursorScope)
    }

    /// The path and the filters, in any order, and who reads.
    private var cursorScope: String {
        let filters = pairs.filter { !["cursor", "limit", "min_position"].contains($0.name) }
        let list = filters.sorted { $0.name < $1.name }.reduce(into: path.normalised) { list, pair in
            list += "\n\(pair.name)=\(pair.value)"
        }
        return "\(list)\n\(reader)"
    }
}
