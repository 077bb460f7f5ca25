import Testing

@testable import Access

@Suite("API keys")
struct APIKeyTests {
    @Test("a generated key reads back as itself")
    func roundTrip() throws {
        let key = APIKey.generate()
        let read = try #require(APIKey(key.token))
        #expect(read.id == key.id)
        #expect(read.token == key.token)
        #expect(read.matches(key.secretHash))
    }

    @Test("a key looks as the contract says")
    func shape() {
        let key = APIKey.generate()
        #expect(key.token.wholeMatch(of: /khata_[0-9a-f]{12}_[0-9A-Za-z]{28}/) != nil)
        #expect(key.token.contains("_\(key.id)_"))
        #expect(key.secretHash.count == 32)
    }

    @Test("no two keys are alike")
    func unique() {
        let keys = (0..<1_000).map { _ in APIKey.generate() }
        #expect(Set(keys.map(\.id)).count == keys.count)
        #expect(Set(keys.map(\.secretHash)).count == keys.count)
    }

    @Test("one wrong character anywhere is refused by the checksum")
    func typingError() {
        let token = Array(APIKey.generate().token)
        for index in token.indices where token[index] != "_" {
            var wrong = token
            wrong[index] = token[index] == "1" ? "2" : "1"
            #expect(APIKey(String(wrong)) == nil, "\(index)")
        }
    }

    @Test(
        "what is no key is refused",
        arguments: [
            "", "khata", "khata__", "khata_0123456789ab_", "Bearer",
            "khata_0123456789ab_\(String(repeating: "é", count: 28))",
        ])
    func noKey(text: String) {
        #expect(APIKey(text) == nil)
        #expect(APIKey(APIKey.generate().token + text + "x") == nil)
    }

    @Test("another secret does not match")
    func otherSecret() {
        #expect(!APIKey.generate().matches(APIKey.generate().secretHash))
        #expect(!APIKey.generate().matches([]))
    }

    @Test("the checksum is the CRC-32 of zlib")
    func checkValue() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        #expect(crc32("123456789".utf8) == 0xCBF4_3926)
    }
}
