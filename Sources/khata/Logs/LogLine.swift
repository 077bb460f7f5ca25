import Inventory
import Logging

/// A line of the log, while it is written.
///
/// Whatever is in its fields, it is one line: what cannot be seen is escaped, as in JSON, and so is what would look like
/// another field. Values are cut after `maximumBytes`.
struct LogLine {
    private let format: LogFormat
    private var line = ""

    static let maximumBytes = 4_096

    init(_ format: LogFormat, _ level: Logger.Level, _ message: String) {
        self.format = format
        line.reserveCapacity(512)
        switch format {
        case .text:
            line += Timestamp.now.description
            line += " "
            line += level.rawValue
            line += " khata: "
            line.appendEscaped(message)
        case .json:
            line += #"{"time":""#
            line += Timestamp.now.description
            line += #"","level":""#
            line += level.rawValue
            line += #"","message":"#
            line.appendQuoted(message)
        }
    }

    /// With its line break.
    consuming func end() -> String {
        line += format == .json ? "}\n" : "\n"
        return line
    }

    mutating func append(_ key: String, _ text: String) {
        appendKey(key)
        if format == .text, text.isPlain { line += text } else { line.appendQuoted(text) }
    }

    mutating func append(_ key: String, _ number: Int) {
        appendKey(key)
        line += String(number)
    }

    mutating func append(_ key: String, _ value: Logger.MetadataValue) {
        switch format {
        case .text: append(key, value.description)
        case .json:
            appendKey(key)
            line.append(value)
        }
    }

    private mutating func appendKey(_ key: String) {
        switch format {
        case .text:
            line += " "
            line += key
            line += "="
        case .json:
            line += ","
            // The names of what every line has.
            line.appendQuoted(["time", "level", "message"].contains(key) ? "_\(key)" : key)
            line += ":"
        }
    }
}

extension String {
    fileprivate mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendQuoted(text)
        case .stringConvertible(let number as Int): self += "\(number)"
        case .stringConvertible(let value): appendQuoted("\(value)")
        case .array(let values):
            self += "["
            for (index, value) in values.enumerated() {
                if index > 0 { self += "," }
                append(value)
            }
            self += "]"
        case .dictionary(let values):
            self += "{"
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { self += "," }
                appendQuoted(key)
                self += ":"
                append(value)
            }
            self += "}"
        }
    }

    /// Whether it is a word that stands for itself in a line of text.
    fileprivate var isPlain: Bool {
        !isEmpty && utf8.count <= LogLine.maximumBytes
            && utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    fileprivate mutating func appendQuoted(_ text: String) {
        self += "\""
        appendEscaped(text, quotes: true)
        self += "\""
    }

    /// Appends a text with JSON's escapes for what cannot be seen: controls, line separators, and characters without a
    /// shape of their own, which change the direction of others or hide.
    fileprivate mutating func appendEscaped(_ text: String, quotes: Bool = false) {
        // Most texts.
        if text.utf8.count <= LogLine.maximumBytes,
            text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        {
            self += text
            return
        }
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += scalar.utf8.count
            guard bytes <= LogLine.maximumBytes else {
                self += "…"
                return
            }
            switch scalar {
            case "\n": self += #"\n"#
            case "\r": self += #"\r"#
            case "\t": self += #"\t"#
            case "\\" where quotes: self += #"\\"#
            case "\"" where quotes: self += #"\""#
            case _ where scalar.isHidden:
                for unit in String(scalar).utf16 {
                    self += #"\u"# + String(UInt32(unit) + 0x1_0000, radix: 16).dropFirst()
                }
            default: unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isHidden: Bool {
        if value < 0x7F { return value < 0x20 }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }
}
