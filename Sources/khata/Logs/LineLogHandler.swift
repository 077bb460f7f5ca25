import Foundation
import Inventory
import Logging

/// Writes each event as one line.
///
/// Whatever is in an event, it is one line: what cannot be seen is escaped, as in JSON, and so is what would look like
/// another field. Values are cut after `maximumBytes`.
struct LineLogHandler: LogHandler {
    let format: LogFormat
    /// Writes a whole line, with its line break.
    let write: @Sendable (_ line: String, Logger.Level) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    static let maximumBytes = 4_096

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { write(line(event), event.level) }

    func line(_ event: LogEvent) -> String {
        var fields = metadata
        if let metadataProvider { fields.merge(metadataProvider.get()) { $1 } }
        if let more = event.metadata { fields.merge(more) { $1 } }
        let sorted = fields.sorted { $0.key < $1.key }
        return switch format {
        case .text: text(event, sorted)
        case .json: json(event, sorted)
        }
    }

    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "\(Timestamp.now) \(event.level) khata: "
        line.appendEscaped(event.message.description)
        for (key, value) in fields {
            line += " \(key)="
            let value = "\(value)"
            if value.isPlain { line += value } else { line.appendQuoted(value) }
        }
        return line + "\n"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = #"{"time":"\#(Timestamp.now)","level":"\#(event.level)","message":"#
        line.appendQuoted(event.message.description)
        for (key, value) in fields {
            line += ","
            // The names of what every line has.
            line.appendQuoted(["time", "level", "message"].contains(key) ? "_\(key)" : key)
            line += ":"
            line.append(value)
        }
        return line + "}\n"
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
        !isEmpty && utf8.count <= LineLogHandler.maximumBytes
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
        if text.utf8.count <= LineLogHandler.maximumBytes,
            text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        {
            self += text
            return
        }
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += scalar.utf8.count
            guard bytes <= LineLogHandler.maximumBytes else {
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
