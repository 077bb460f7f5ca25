import Inventory

/// One record of comma-separated values: a line, or several if a field in quotation marks spans them.
public struct CSVRecord: Hashable, Sendable {
    /// The line on which it begins, counted from 1.
    public let line: Int
    public let fields: [String]

    public init(line: Int, fields: [String]) {
        self.line = line
        self.fields = fields
    }

    /// As written to a file, with the line ending.
    public var text: String { fields.map(\.quotedForCSV).joined(separator: ",") + "\r\n" }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let comma = UInt8(ascii: ",")
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
}

/// Why a file is not valid CSV. Records after that cannot be trusted.
public struct CSVError: Error, Hashable, CustomStringConvertible {
    public let line: Int
    public let reason: String

    public var description: String { "line \(line): \(reason)" }
}
