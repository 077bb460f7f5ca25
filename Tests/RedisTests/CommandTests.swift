import NIOCore
import Testing

@testable import Redis

@Suite("commands")
struct CommandTests {
    private func encoded(_ command: RedisCommand) -> String {
        var buffer = ByteBuffer()
        buffer.writeCommand(command)
        return String(buffer: buffer)
    }

    @Test("are written as arrays of bulk strings, lengths in bytes")
    func encoding() {
        let command = RedisCommand("SET", "k", .string("کھاتا"), .bytes(ByteBuffer(string: "a\r\nb")), .string(""))
        #expect(encoded(command) == "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nکھاتا\r\n$4\r\na\r\nb\r\n$0\r\n\r\n")
    }

    @Test("write integers in decimal", arguments: [0, 7, -1, 10, 99, 100, -100, .max, .min] as [Int64])
    func integers(value: Int64) {
        #expect(encoded(RedisCommand("X", .integer(value))) == "*2\r\n$1\r\nX\r\n$\("\(value)".count)\r\n\(value)\r\n")
    }

    @Test(
        "name scripts by their SHA-1",
        arguments: [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            (String(repeating: "a", count: 56), "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
            (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
            (String(repeating: "a", count: 1000), "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
        ])
    func sha1(source: String, digest: String) {
        #expect(RedisScript(source).sha == digest)
    }

    @Test("integers are read from decimal bulk strings and nothing else")
    func decimals() {
        func read(_ text: String) -> Int64? { RedisValue.bytes(ByteBuffer(string: text)).int64 }
        for value in [0, 1, -1, .max, .min] as [Int64] { #expect(read("\(value)") == value) }
        for text in ["", "-", "+1", " 1", "1 ", "1x", "9223372036854775808", "-9223372036854775809", "1.0"] {
            #expect(read(text) == nil)
        }
        #expect(RedisValue.integer(5).int64 == 5)
        #expect(RedisValue.status("5").int64 == nil)
    }
}
