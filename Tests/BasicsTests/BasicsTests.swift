import Basics
import Testing

@Suite("Basics")
struct BasicsTests {
    @Test("a backoff grows after each failure, up to a limit, and starts again after a success")
    func backoff() {
        var backoff = Backoff(from: .milliseconds(50), upTo: .seconds(2))
        for wait in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            #expect(backoff.delay(chance: 1) == .milliseconds(wait))
        }
        #expect(backoff.delay(chance: 0.5) == .seconds(1))
        #expect((.seconds(1) ... .seconds(2)).contains(backoff.delay()))
        backoff.reset()
        #expect(backoff.delay(chance: 1) == .milliseconds(50))
    }

    @Test("what is percent-encoded is decoded to the same", arguments: ["", "a b+c", "100%", "چائے/ü~-._", "?&=#\n\0"])
    func percentEncoding(text: String) {
        let encoded = text.percentEncoded
        #expect(
            encoded.utf8.allSatisfy { byte in "%-._~".utf8.contains(byte) || Character(.init(byte)).isASCIIAlphanumeric
            })
        #expect(encoded.percentDecoded() == text)
        #expect(encoded.percentDecoded(plusIsSpace: true) == text)
    }

    @Test("a % without two digits, or what is no UTF-8, is no percent-encoding, and + is a space in queries alone")
    func percentDecoding() {
        for text in ["%", "%4", "a%4x", "%%", "%ff"] { #expect(text.percentDecoded() == nil) }
        #expect("%4a%4A+".percentDecoded() == "JJ+")
        #expect("a+b".percentDecoded(plusIsSpace: true) == "a b")
    }

    @Test("bytes are two digits each")
    func hexadecimal() {
        #expect([0, 9, 16, 255].hexadecimal == "000910ff")
        #expect("09afAF".utf8.map(\.hexDigit) == [0, 9, 10, 15, 10, 15])
        #expect("/:@`gG".utf8.allSatisfy { $0.hexDigit == nil })
    }

    @Test("a random id has thirteen characters")
    func randomID() {
        let ids = Set((0..<100).map { _ in String.randomID() })
        #expect(ids.count == 100)
        #expect(ids.allSatisfy { $0.utf8.count == 13 && $0.allSatisfy(\.isASCIIAlphanumeric) })
    }
}

extension Character {
    fileprivate var isASCIIAlphanumeric: Bool { isASCII && (isLetter || isNumber) }
}
