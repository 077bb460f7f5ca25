import Foundation
import Logging
import Synchronization
import Testing

@testable import khata

@Suite("Lines of the log")
struct LineLogHandlerTests {
    /// What no client may get into the log as it is: line breaks, terminal escapes, other controls, text that turns around.
    private static let forgeries = [
        "a\n2026-11-22T16:00:00.000000Z notice khata: serving", "a\r\nb", "\u{1B}[2Jgone", "a\u{0}b", "a\u{7F}b",
        "a\u{9B}2Jb",
        "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "a\u{200B}b", "\u{FEFF}a", #"x" status=200 y=""#, #"x","level":"error"#,
        #"\"#, "a b", "", "a=b", "چینی ۱", "🧂",
    ]

    @Test("a line of text is one line, and its fields are told apart whatever is in them", arguments: forgeries)
    func text(value: String) throws {
        let line = log(.text, value)
        #expect(line.hasSuffix(" z=last\n"))
        #expect(
            line.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.properties.generalCategory != .control || $0 == "\n"
            })
        #expect(line.count(where: \.isNewline) == 1)
        let written = try #require(line.firstMatch(of: #/ value=(.*) z=last\n/#)).output.1
        let isQuoted = written.hasPrefix("\"")
        #expect(isQuoted || !written.contains(/[^!-~]/))
        let read =
            try isQuoted ? JSONSerialization.jsonObject(with: Data(written.utf8), options: .fragmentsAllowed) : nil
        #expect(read as? String ?? String(written) == value)
    }

    @Test("a line of JSON is one line, and has what was logged", arguments: forgeries)
    func json(value: String) throws {
        let line = log(.json, value)
        #expect(line.count(where: \.isNewline) == 1 && line.hasSuffix("}\n"))
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["value"] as? String == value)
        #expect(fields["message"] as? String == "said \(value)")
        #expect(fields["level"] as? String == "notice" && fields["_level"] as? String == "mine")
        #expect(fields["number"] as? Int == 7)
        #expect(fields["list"] as? [String] == [value, "b"])
        #expect(fields["parts"] as? [String: String] == ["a": value])
    }

    @Test("a value is cut where it gets long")
    func long() {
        let line = log(.text, String(repeating: "x", count: 1 << 20))
        #expect(line.utf8.count < 3 * LogLine.maximumBytes && line.contains("x…"))
    }

    private func log(_ format: LogFormat, _ value: String) -> String {
        let lines = Lines()
        var logger = Logger(label: "khata") { _ in LineLogHandler(format: format) { line, _ in lines.add(line) } }
        logger[metadataKey: "level"] = "mine"
        logger.notice(
            "said \(value)",
            metadata: format == .text
                ? ["value": .string(value), "z": "last"]
                : [
                    "value": .string(value), "number": .stringConvertible(7), "list": [.string(value), "b"],
                    "parts": ["a": .string(value)],
                ])
        return lines.all.joined()
    }

    private final class Lines: Sendable {
        private let state = Mutex([String]())
        var all: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }
}
