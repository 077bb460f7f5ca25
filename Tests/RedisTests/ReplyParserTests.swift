import NIOCore
import Testing

@testable import Redis

@Suite("reply parser")
struct ReplyParserTests {
    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    /// The replies in some pieces of the bytes.
    private func parse(_ pieces: [ByteBuffer], limit: Int = 1 << 20) throws -> [RedisValue] {
        let parser = ReplyParser(maximumReplyBytes: limit)
        var values: [RedisValue] = []
        for piece in pieces {
            parser.append(piece)
            while let value = try parser.next() { values.append(value) }
        }
        return values
    }

    private let sample =
        "+OK\r\n:-42\r\n$-1\r\n*-1\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n*0\r\n"
        + "*3\r\n:1\r\n*2\r\n*0\r\n$1\r\nx\r\n-ERR no\r\n-WRONGTYPE y\r\n:9223372036854775807\r\n"

    private var expected: [RedisValue] {
        [
            .status("OK"), .integer(-42), .null, .null, .bytes(bytes("a\r\nbc")), .bytes(bytes("")), .array([]),
            .array([.integer(1), .array([.array([]), .bytes(bytes("x"))]), .error("ERR no")]),
            .error("WRONGTYPE y"), .integer(.max),
        ]
    }

    @Test("reads all types, wherever the network cuts them")
    func cuts() throws {
        #expect(try parse([bytes(sample)]) == expected)
        #expect(try parse(sample.utf8.map { ByteBuffer(bytes: [$0]) }) == expected)
        for cut in 1..<sample.utf8.count {
            let whole = bytes(sample)
            let (left, right) = (
                whole.getSlice(at: 0, length: cut)!, whole.getSlice(at: cut, length: sample.utf8.count - cut)!
            )
            #expect(try parse([left, right]) == expected, "cut at \(cut)")
        }
    }

    @Test("reads many replies and long ones from one piece, and finds each one's bytes")
    func long() throws {
        let documents = (0..<200).map { String(repeating: "\($0) ", count: $0 * 3) }
        let text = documents.map { "*2\r\n$\($0.utf8.count)\r\n\($0)\r\n:\($0.utf8.count)\r\n" }.joined()
        let expected = documents.map { RedisValue.array([.bytes(bytes($0)), .integer(Int64($0.utf8.count))]) }
        #expect(try parse([bytes(text)]) == expected)
        var rest = bytes(text)
        var pieces: [ByteBuffer] = []
        while rest.readableBytes > 0 { pieces.append(rest.readSlice(length: min(rest.readableBytes, 1009))!) }
        #expect(try parse(pieces) == expected)
    }

    @Test("hands bulk strings on as slices of what it was given")
    func slices() throws {
        let document = String(repeating: "d", count: 40_000)
        let chunk = bytes(":1\r\n$40000\r\n\(document)\r\n")
        let values = try parse([chunk])
        let slice = try #require(values.last?.bytes)
        let start = slice.withUnsafeReadableBytes { $0.baseAddress }
        let inChunk = chunk.withUnsafeReadableBytes { $0.baseAddress.map { $0 + 12 } }
        #expect(start == inChunk)
    }

    @Test(
        "refuses what is not RESP2",
        arguments: [
            "hello\r\n", "HTTP/1.1 200 OK\r\n", ":1x\r\n", ":\r\n", "$abc\r\n", "$-2\r\n", "$3\r\nabcde\r\n",
            "$3\r\nabcXX", "*-2\r\n",
            "*x\r\n",
            "*4294967296\r\n", "*2147483647\r\n", "*1000000000\r\n", "%1\r\n+a\r\n+b\r\n", ",1.5\r\n", "_\r\n",
            "\0\0\0\0",
            String(repeating: "*1\r\n", count: 40) + ":1\r\n", "*2\r\n:1\r\n!\r\n",
        ])
    func malformed(text: String) {
        let error = #expect(throws: RedisError.self) { try parse([bytes(":1\r\n" + text)]) }
        #expect(error?.kind == .protocolViolation)
    }

    @Test("stays with its refusal")
    func refusalIsFinal() throws {
        let parser = ReplyParser(maximumReplyBytes: 100)
        parser.append(bytes("?\r\n:1\r\n"))
        #expect(throws: RedisError.self) { try parser.next() }
        parser.append(bytes(":1\r\n"))
        #expect(throws: RedisError.self) { try parser.next() }
    }

    @Test("refuses a reply that is longer than the limit, complete or not, and no shorter one")
    func limit() throws {
        let reply =
            "*2\r\n$40\r\n\(String(repeating: "x", count: 40))\r\n$30\r\n\(String(repeating: "y", count: 30))\r\n"
        let length = reply.utf8.count
        let many = bytes(String(repeating: reply, count: 5))
        #expect(try parse([many], limit: length).count == 5)
        for pieces in [[many], [many.getSlice(at: 0, length: length - 1)!, bytes("\n")]] {
            #expect(throws: RedisError.self) { try parse(pieces, limit: length - 1) }
        }
        let endless = bytes("$9223372036854775807\r\n" + String(repeating: "x", count: 200))
        #expect(throws: RedisError.self) { try parse([endless], limit: 100) }
        let line = bytes("+" + String(repeating: "x", count: 200))
        #expect(throws: RedisError.self) { try parse([line], limit: 100) }
    }

    @Test("survives any bytes")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("*$+-:0123456789\r\n\r\n\r\nabc%".utf8)
        for _ in 0..<3000 {
            let pieces = (0..<8).map { _ in
                ByteBuffer(bytes: (0..<12).map { _ in alphabet.randomElement(using: &generator)! })
            }
            _ = try? parse(pieces, limit: 64)
        }
    }
}
