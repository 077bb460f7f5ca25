import Inventory

/// The fields of one row, parsed by column. Collects all problems.
struct ImportRow {
    let record: CSVRecord
    private let header: FileHeader
    private let limits: InputLimits
    private(set) var problems: [RowProblem] = []

    init(_ record: CSVRecord, _ header: FileHeader, _ limits: InputLimits) {
        self.limits = limits
        self.record = record
        self.header = header
        guard record.fields.count != header.columns.count else { return }
        problems.append(
            RowProblem(
                line: record.line, column: nil,
                detail: "has \(record.fields.count) fields, and the first row \(header.columns.count)"))
    }

    mutating func refuse(_ column: Column?, _ detail: String) {
        // A row with too few or too many fields has one problem, not one per column.
        guard record.fields.count == header.columns.count else { return }
        problems.append(RowProblem(line: record.line, column: column?.rawValue, detail: detail))
    }

    /// The value of a field, without what `Exporter` escaped it with; `nil` if it is empty, or the file has no such column.
    func field(_ column: Column) -> String? {
        guard let index = header.columns.firstIndex(of: column), record.fields.indices.contains(index),
            !record.fields[index].isEmpty
        else { return nil }
        return record.fields[index].unescapedFromSpreadsheets
    }

    private mutating func value<Value>(
        _ column: Column, _ expectation: @autoclosure () -> String, _ read: (String) -> Value?
    ) -> Value? {
        guard let field = field(column) else { return nil }
        if let value = read(field) { return value }
        refuse(column, expectation())
        return nil
    }

    mutating func required<Value>(_ column: Column, _ value: Value?) -> Value? {
        if field(column) == nil { refuse(column, "is required") }
        return value
    }
}

extension ImportRow {
    /// The quantity of one movement.
    mutating func units(_ column: Column, from lowest: Int64) -> Int64? {
        integer(column, in: lowest...limits.quantity, " (limits.quantity)")
    }

    private mutating func integer(_ column: Column, in range: ClosedRange<Int64>, _ limit: String = "") -> Int64? {
        value(column, "must be an integer from \(range.lowerBound) to \(range.upperBound)\(limit)") { text in
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return Int64(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func id<ID: LedgerNumber>(_ column: Column) -> ID? {
        integer(column, in: 1...maximumJSONInteger).map(ID.init(rawValue:))
    }

    mutating func name(_ column: Column) -> String? {
        text(column, atMost: limits.nameCharacters, "limits.name_characters")
    }

    mutating func note(_ column: Column) -> String? {
        text(column, atMost: limits.noteCharacters, "limits.note_characters")
    }

    mutating func time(_ column: Column) -> Timestamp? {
        value(column, "must be an RFC 3339 time, as 2026-11-20T19:55:00Z", Timestamp.init)
    }

    /// - Parameter limit: The name of the setting.
    private mutating func text(_ column: Column, atMost maximum: Int, _ limit: String) -> String? {
        value(column, "must have at most \(maximum) characters (\(limit)), and no control or invisible characters") {
            text in
            isPrintable(text, atMost: maximum) ? text : nil
        }
    }
}

/// A problem with a row of a file.
public struct RowProblem: Hashable, Sendable, CustomStringConvertible {
    /// The line on which the row begins, counted from 1.
    public let line: Int
    /// `nil` if it concerns the whole row.
    public let column: String?
    public let detail: String

    public var description: String { "line \(line)\(column.map { ", \($0)" } ?? ""): \(detail)" }
}
