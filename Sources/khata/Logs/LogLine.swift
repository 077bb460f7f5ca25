import Inventory
import JSON
import Logging

/// A line of the log, while it is written.
///
/// Whatever is in its fields, it is one line: what cannot be seen is escaped, as in JSON, and so is what would look like
/// another field. Values are cut after `maximumBytes`.
struct LogLine {
    private let format: LogFormat
    private var bytes: [UInt8] = []

    static let maximumBytes = 4_096

    init(_ format: LogFormat, _ level: Logger.Level, _ message: String) {
        self.format = format
        bytes.reserveCapacity(512)
        switch format {
        case .text:
            bytes.append(Timestamp.now.description)
            bytes.append(ascii: " ")
            bytes.append(level.rawValue)
            bytes.append(ascii: " khata: ")
            bytes.appendEscaped(message)
        case .json:
            bytes.append(ascii: #"{"time":""#)
            bytes.append(Timestamp.now.description)
            bytes.append(ascii: #"","level":""#)
            bytes.append(level.rawValue)
            bytes.append(ascii: #"","message":"#)
            bytes.appendQuoted(message)
        }
    }

    /// With its line break.
    consuming func end() -> String {
        bytes.append(ascii: format == .json ? "}\n" : "\n")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Parameter key: Not `time`, `level` or `message`, which every line has.
    mutating func append(_ key: StaticString, _ text: String) {
        append(key)
        append(value: text)
    }

    mutating func append(_ key: StaticString, _ number: Int) {
        append(key)
        bytes.append("\(number)")
    }

    mutating func append(_ key: String, _ value: Logger.MetadataValue) {
        switch format {
        case .text:
            bytes.append(ascii: " ")
            bytes.append(key)
            bytes.append(ascii: "=")
            append(value: value.description)
        case .json:
            bytes.append(ascii: ",")
            bytes.appendQuoted(["time", "level", "message"].contains(key) ? "_\(key)" : key)
            bytes.append(ascii: ":")
            bytes.append(value)
        }
    }

    private mutating func append(_ key: StaticString) {
        bytes.append(ascii: format == .json ? ",\"" : " ")
        bytes.append(ascii: key)
        bytes.append(ascii: format == .json ? "\":" : "=")
    }

    private mutating func append(value text: String) {
        if format == .text, text.isPlain { bytes.append(text) } else { bytes.appendQuoted(text) }
    }
}

extension String {
    /// Whether it is a word that stands for itself in a line of text.
    fileprivate var isPlain: Bool { !isEmpty && hasOnly(0x21...0x7E) }

    /// Whether it is short, and has neither other bytes nor quotes and backslashes.
    fileprivate func hasOnly(_ plain: ClosedRange<UInt8>) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            bytes.count <= LogLine.maximumBytes
                && bytes.allSatisfy { plain.contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(bytes: $0) }
    }

    fileprivate mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendQuoted(text)
        case .stringConvertible(let number as Int): append("\(number)")
        case .stringConvertible(let value): appendQuoted("\(value)")
        case .array(let values):
            append(ascii: "[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(ascii: ",") }
                append(value)
            }
            append(ascii: "]")
        case .dictionary(let values):
            append(ascii: "{")
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(ascii: ",") }
                appendQuoted(key)
                append(ascii: ":")
                append(value)
            }
            append(ascii: "}")
        }
    }

    fileprivate mutating func appendQuoted(_ text: String) {
        append(ascii: "\"")
        appendEscaped(text, quotes: true)
        append(ascii: "\"")
    }

    /// Appends a text with JSON's escapes for what cannot be seen: controls, line separators, and characters without a
    /// shape of their own, which change the direction of others or hide.
    fileprivate mutating func appendEscaped(_ text: String, quotes: Bool = false) {
        // Most texts.
        if text.hasOnly(0x20...0x7E) { return append(text) }
        var count = 0
        for scalar in text.unicodeScalars {
            count += scalar.utf8.count
            guard count <= LogLine.maximumBytes else { return append("…") }
            switch scalar {
            case "\n": append(ascii: #"\n"#)
            case "\r": append(ascii: #"\r"#)
            case "\t": append(ascii: #"\t"#)
            case "\\" where quotes: append(ascii: #"\\"#)
            case "\"" where quotes: append(ascii: #"\""#)
            case _ where scalar.isHidden:
                for unit in String(scalar).utf16 {
                    append(ascii: #"\u"#)
                    append(String(String(UInt32(unit) + 0x1_0000, radix: 16).dropFirst()))
                }
            default: append(contentsOf: scalar.utf8)
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
