import JSON
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    @Test(
        "reads what RFC 8259 allows",
        arguments: [
            ("null", .null), (" true ", .flag(true)), ("false", .flag(false)), ("0", .integer(0)), ("-0", .integer(0)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .otherNumber("9223372036854775808")),
            ("-9223372036854775809", .otherNumber("-9223372036854775809")),
            ("99999999999999999999999999", .otherNumber("99999999999999999999999999")),
            ("100000000000000000000", .otherNumber("100000000000000000000")),
            ("1.0", .otherNumber("1.0")), ("1e2", .otherNumber("1e2")), ("-1.5E+7", .otherNumber("-1.5E+7")),
            ("1E-400", .otherNumber("1E-400")),
            (#""""#, .text("")), (#""a\"\\\/\b\f\n\r\tz""#, .text("a\"\\/\u{08}\u{0C}\n\r\tz")),
            (#""\u0041\u00e9\uD83D\uDED2""#, .text("Aé🛒")), (#""کھاتا""#, .text("کھاتا")), (#""\u0000""#, .text("\0")),
            ("[]", .array([])), ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])),
            ("{}", .object([])), ("\t{ \"a\" : 1 }\r\n", .object([JSONMember(name: "a", value: .integer(1))])),
            (
                #"{"a":1,"a":null}"#,
                .object([JSONMember(name: "a", value: .integer(1)), JSONMember(name: "a", value: .null)])
            ),
        ] as [(String, JSONValue)])
    func reads(text: String, value: JSONValue) throws {
        #expect(try parse(Array(text.utf8)) == value)
    }

    @Test(
        "refuses what it does not",
        arguments: [
            "", " ", "nul", "nulll", "tru", "True", "NaN", "Infinity", "01", "-", "-a", "+1", "1.", ".5", "1e", "1e+",
            "0x10",
            "'a'", "\"", "\"a", "\"\n\"", "\"\u{1}\"", #""\x""#, #""\u12""#, #""\u12g4""#, #""\uD83D""#, #""\uDED2""#,
            #""\uD83D\u0041""#, #""\"#, "[", "[1", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
            "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{} {}", "1 2", "// a",
            "\u{FEFF}{}",
        ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(Array(text.utf8)) }
    }

    @Test(
        "refuses what is not UTF-8",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try parse([0x22] + bytes + [0x22]) }
        #expect(throws: JSONSyntaxError.self) { try parse([0x22] + Array(#"\n"#.utf8) + bytes + [0x22]) }
        #expect(throws: JSONSyntaxError.self) { try parse(Array("{}".utf16.flatMap { [UInt8($0), 0] })) }
    }

    @Test("nesting is taken up to a limit, and hostile nesting is refused")
    func nesting() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try parse(nested(JSONParser.depth))
        #expect(throws: JSONSyntaxError.self) { try parse(nested(JSONParser.depth + 1)) }
        #expect(throws: JSONSyntaxError.self) { try parse([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test("says where the error is")
    func position() {
        #expect(throws: JSONSyntaxError(reason: "a value is missing", offset: 7)) {
            try parse(Array("[1,2,3,]".utf8))
        }
        #expect(throws: JSONSyntaxError(reason: "a name is missing", offset: 7)) {
            try parse(Array(#"{"a":1,}"#.utf8))
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> JSONValue {
        try bytes.withUnsafeBytes { try JSONParser.parse($0) }
    }
}
