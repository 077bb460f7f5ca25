/// Reads comma-separated values (RFC 4180), with one record in memory at a time. Lines end with CR LF or LF; a byte
/// order mark and empty lines are skipped.
///
/// It is strict: a misplaced quotation mark is an error, because guessing could put one column's number into another.
public struct CSVReader {
    public static let maximumField = 65_536
    public static let maximumFields = 100

    /// Returns the next bytes, none at the end.
    private let source: () throws -> [UInt8]
    private var bytes: [UInt8] = []
    private var offset = 0
    private var hasBegun = false
    private var isAtEnd = false
    private var line = 1

    public init(_ source: @escaping () throws -> [UInt8]) {
        self.source = source
    }

    /// - Returns: `nil` at the end.
    /// - Throws: `CSVError`, and what the source throws.
    public mutating func next() throws -> CSVRecord? {
        if !hasBegun { try begin() }
        while let record = try record() {
            if record.fields != [""] { return record }
        }
        return nil
    }

    private enum End {
        case field, record
    }

    private mutating func record() throws -> CSVRecord? {
        guard try peek() != nil else { return nil }
        let start = line
        var fields: [String] = []
        while true {
            let (text, end) = try peek() == .quote ? quotedField() : plainField()
            fields.append(text)
            if end == .record { return CSVRecord(line: start, fields: fields) }
            guard fields.count < Self.maximumFields else { throw error("more than \(Self.maximumFields) fields") }
        }
    }

    private mutating func plainField() throws -> (String, End) {
        var field: [UInt8] = []
        while let byte = try take() {
            switch byte {
            case .comma: return (try text(field, line), .field)
            case .lineFeed, .carriageReturn:
                let start = line
                try endLine(with: byte)
                return (try text(field, start), .record)
            case .quote: throw error("a quotation mark in a field that does not begin with one")
            default: try append(byte, to: &field)
            }
        }
        return (try text(field, line), .record)
    }

    private mutating func quotedField() throws -> (String, End) {
        let start = line
        var field: [UInt8] = []
        _ = try take()
        while let byte = try take() {
            if byte == .lineFeed { line += 1 }
            guard byte == .quote else {
                try append(byte, to: &field)
                continue
            }
            switch try take() {
            case .quote: try append(.quote, to: &field)
            case .comma: return (try text(field, start), .field)
            case nil: return (try text(field, start), .record)
            case .lineFeed?:
                line += 1
                return (try text(field, start), .record)
            case .carriageReturn?:
                try endLine(with: .carriageReturn)
                return (try text(field, start), .record)
            default: throw error("something follows a closing quotation mark")
            }
        }
        throw CSVError(line: start, reason: "a quotation mark is never closed")
    }

    private mutating func endLine(with byte: UInt8) throws {
        if byte == .carriageReturn {
            guard try take() == .lineFeed else { throw error("a carriage return without a line feed") }
        }
        line += 1
    }

    private func append(_ byte: UInt8, to field: inout [UInt8]) throws {
        guard field.count < Self.maximumField else { throw error("a field longer than \(Self.maximumField) bytes") }
        field.append(byte)
    }

    private func text(_ field: [UInt8], _ line: Int) throws -> String {
        guard let text = String(validating: field, as: UTF8.self) else {
            throw CSVError(line: line, reason: "is not UTF-8: save the file as CSV UTF-8")
        }
        return text
    }

    private func error(_ reason: String) -> CSVError { CSVError(line: line, reason: reason) }
}

extension CSVReader {
    /// Skips a byte order mark, which may arrive in pieces.
    private mutating func begin() throws {
        hasBegun = true
        while bytes.count < 3 {
            let more = try source()
            if more.isEmpty { break }
            bytes += more
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    private mutating func peek() throws -> UInt8? {
        if offset == bytes.count {
            guard !isAtEnd else { return nil }
            bytes = try source()
            offset = 0
            isAtEnd = bytes.isEmpty
            if isAtEnd { return nil }
        }
        return bytes[offset]
    }

    private mutating func take() throws -> UInt8? {
        let byte = try peek()
        if byte != nil { offset += 1 }
        return byte
    }
}
