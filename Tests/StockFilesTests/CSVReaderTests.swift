import Testing

@testable import StockFiles

@Suite("Comma-separated values")
struct CSVReaderTests {
    private func records(_ text: String, bytesAtOnce: Int = 64) throws -> [CSVRecord] {
        try records(Array(text.utf8), bytesAtOnce: bytesAtOnce)
    }

    private func records(_ bytes: [UInt8], bytesAtOnce: Int = 64) throws -> [CSVRecord] {
        var rest = bytes[...]
        var reader = CSVReader {
            defer { rest = rest.dropFirst(bytesAtOnce) }
            return Array(rest.prefix(bytesAtOnce))
        }
        var records: [CSVRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test(
        "fields, quotation marks, line endings and empty lines",
        arguments: [
            ("", []), ("\n\r\n\n", []), ("a", [["a"]]), ("a\n", [["a"]]), ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
            (",\n", [["", ""]]), ("\"\",\"\"\n", [["", ""]]), ("a,\n", [["a", ""]]), ("a,", [["a", ""]]),
            ("\"a,b\",c", [["a,b", "c"]]), ("\"a\"\"b\"", [["a\"b"]]), ("\"\"\"\"\r\n", [["\""]]),
            ("\"a\r\nb\nc\"\r\nd", [["a\r\nb\nc"], ["d"]]), (" a , b ", [[" a ", " b "]]),
            ("چینی,🍬\n\nä", [["چینی", "🍬"], ["ä"]]), ("\u{FEFF}a,b", [["a", "b"]]), ("\u{FEFF}", []),
            ("\u{FF01},b", [["\u{FF01}", "b"]]), ("a,\u{FEFF}", [["a", "\u{FEFF}"]]),
        ] as [(String, [[String]])])
    func reads(text: String, fields: [[String]]) throws {
        for size in [1, 2, 3, 64] { #expect(try records(text, bytesAtOnce: size).map(\.fields) == fields) }
    }

    @Test("a record knows its line, past quoted lines and empty ones")
    func lines() throws {
        #expect(try records("a\n\n\"b\nc\",d\r\n\ne").map(\.line) == [1, 3, 6])
    }

    @Test(
        "what is no CSV is refused, with its line",
        arguments: [
            ("a\nb\"c\n", 2, "a quotation mark in a field that does not begin with one"),
            ("a\n\"b\n\nc", 2, "a quotation mark is never closed"), ("\"a\"b", 1, "something follows"),
            ("\"a\" ,b", 1, "something follows"), ("a\rb", 1, "a carriage return without a line feed"),
            ("\"a\"\rb", 1, "a carriage return without a line feed"),
            (String(repeating: ",", count: CSVReader.maximumFields), 1, "more than 100 fields"),
            ("a\n" + String(repeating: "x", count: CSVReader.maximumField + 1), 2, "a field longer than"),
            ("a\n\"" + String(repeating: "x", count: CSVReader.maximumField + 1) + "\"", 2, "a field longer than"),
        ])
    func refused(text: String, line: Int, reason: String) {
        for size in [1, 64] {
            #expect {
                try records(text, bytesAtOnce: size)
            } throws: { error in
                let error = error as? CSVError
                return error?.line == line && error?.reason.hasPrefix(reason) == true
            }
        }
    }

    @Test(
        "what is not UTF-8 is refused",
        arguments: [[0x61, 0x0A, 0xFF], [0x61, 0x0A, 0x22, 0xC3, 0x22], [0xFF, 0xFE, 0x61, 0x00]] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        #expect {
            try records(bytes)
        } throws: {
            ($0 as? CSVError)?.reason.hasPrefix("is not UTF-8") == true
        }
    }

    @Test("the largest field that is allowed is read")
    func largest() throws {
        let field = String(repeating: "x", count: CSVReader.maximumField)
        #expect(try records("\(field),\"\(field)\"").first?.fields == [field, field])
    }

    @Test("what is written is read again, whatever it is and however it arrives", arguments: 0..<50)
    func roundTrip(seed: Int) throws {
        var random = Random(seed: UInt64(seed))
        let pieces = ["a", "\"", ",", "\n", "\r\n", " ", "چ", "🍬", "\u{FEFF}", "=1+1", "\t"]
        let written = (0..<20).map { _ in
            (0..<Int.random(in: 2...6, using: &random)).map { _ in
                (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            }
        }
        // A byte order mark is only one at the very beginning.
        let text = "head,\r\n" + written.map { CSVRecord(line: 0, fields: $0).text }.joined()
        let read = try records(text, bytesAtOnce: Int.random(in: 1...40, using: &random))
        #expect(read.dropFirst().map(\.fields) == written)
    }

    @Test("no bytes whatever end in anything but records or an error", arguments: 0..<200)
    func anyBytes(seed: Int) {
        var random = Random(seed: UInt64(seed))
        let alphabet: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D, 0x61, 0xC3, 0xA4, 0xEF, 0xBB, 0xBF, 0x00, 0xFF]
        let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
        func result(_ size: Int) -> Result<[CSVRecord], CSVError>? {
            do {
                return .success(try records(bytes, bytesAtOnce: size))
            } catch {
                return (error as? CSVError).map { .failure($0) }
            }
        }
        let whole = result(64)
        #expect(whole != nil)
        #expect(result(1) == whole)
    }
}

/// A generator that brings the same numbers for the same seed (SplitMix64).
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
