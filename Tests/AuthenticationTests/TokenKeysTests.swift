import AuthenticationTesting
import Foundation
import Inventory
import Logging
import ServerTesting
import Testing

@testable import Access
@testable import Authentication

@Suite("Keys of tokens")
struct TokenKeysTests {
    private static let point = String(repeating: "A", count: 42) + "E"
    private static let ed25519 = #""kty": "OKP", "crv": "Ed25519", "x": "\#(point)""#
    private static let secret = #""kty": "oct", "k": "\#(point)""#

    @Test("a JWK Set is read: each key for the algorithm of its type")
    func read() async throws {
        let keys = try await keys(try TokenIssuer.shared.jwks())
        #expect(keys["RS256"]?.algorithm == .rs256)
        #expect(keys["ES256"]?.algorithm == .es256)
        #expect(keys["EdDSA"]?.algorithm == .eddsa)
        #expect(keys["HS256"] == nil)
        #expect(try await self.keys(#"{"keys": [{"kid": "a", \#(Self.secret)}]}"#)["a"]?.algorithm == .hs256)
    }

    @Test(
        "keys of other kinds and for other uses are passed over",
        arguments: [
            #"{"kid": "b", "use": "enc", \#(ed25519)}"#, #"{"kid": "b", "alg": "PS256", "kty": "RSA"}"#,
            #"{"kid": "b", "kty": "EC", "crv": "P-384"}"#, #"{"kty": "quantum"}"#, "{}",
        ])
    func passedOver(key: String) async throws {
        let keys = try await keys(#"{"keys": [\#(key), {"kid": "a", \#(Self.ed25519)}], "more": 1}"#)
        #expect(keys["a"] != nil)
        #expect(keys["b"] == nil)
        #expect(try await self.keys(#"{"keys": [\#(key)]}"#).count == 0)
    }

    @Test(
        "what pretends to be a key refuses them all, and says which one it is",
        arguments: [
            ("", "not a JWK Set"), ("{}", "not a JWK Set"), ("[]", "not a JWK Set"),
            (#"{"keys": {}}"#, "not a JWK Set"),
            (#"{"keys": [1]}"#, "key 0 is no JSON object"),
            (#"{"keys": [{"kid": "a", "kid": "b", \#(ed25519)}]}"#, "key 0 is no JSON object"),
            (#"{"keys": [{\#(ed25519)}]}"#, "key 0 has no kid"),
            (#"{"keys": [{"kid": "", \#(ed25519)}]}"#, "has no kid"),
            (#"{"keys": [{"kid": 1, \#(ed25519)}]}"#, "has no kid"),
            (#"{"keys": [{"kid": "a", "use": 1, \#(ed25519)}]}"#, "has no use"),
            (#"{"keys": [{"kid": "a", \#(ed25519)}, {"kid": "a", \#(secret)}]}"#, "two keys have the kid a"),
            (#"{"keys": [{"kid": "a", "d": "\#(point)", \#(ed25519)}]}"#, "key 0, a, is private"),
            (#"{"keys": [{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}"#, "is no point"),
            (#"{"keys": [{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "A+=="}]}"#, "not base64url"),
            (
                #"{"keys": [{"kid": "a", "kty": "EC", "crv": "P-256", "x": "\#(point)", "y": "\#(point)"}]}"#,
                "is no key of its type"
            ),
            (#"{"keys": [{"kid": "a", "kty": "oct", "k": "AAAA"}]}"#, "at least 32 bytes"),
            (#"{"keys": [{"kid": "a", "kty": "RSA", "n": "\#(modulus(bits: 1024))", "e": "AQAB"}]}"#, "has 1024 bits"),
            (#"{"keys": [{"kid": "a", "kty": "RSA", "n": "\#(modulus(bits: 2040))", "e": "AQAB"}]}"#, "has 2040 bits"),
            (#"{"keys": [{"kid": "a", "kty": "RSA", "n": "\#(modulus(bits: 8200))", "e": "AQAB"}]}"#, "has 8200 bits"),
        ])
    func refused(json: String, words: String) async throws {
        await #expect {
            try await keys(json)
        } throws: { error in
            (error as? TokenKeysError)?.description.contains(words) == true
        }
    }

    @Test("a secret for HS256 has 32 bytes, and a kid of its own")
    func secrets() async throws {
        var keys = TokenKeys()
        await #expect(throws: TokenKeysError.self) {
            try await keys.add(hs256Secret: String(repeating: "a", count: 31), as: "a")
        }
        try await keys.add(hs256Secret: String(repeating: "a", count: 32), as: "EdDSA")
        await #expect(throws: TokenKeysError("two keys have the kid EdDSA")) {
            try await keys.add(jwks: Array(try TokenIssuer.shared.jwks().utf8))
        }
    }

    @Test("a set that anybody can read has no secrets")
    func publicSet() async throws {
        var keys = TokenKeys()
        try await keys.add(
            jwks: Array(#"{"keys": [{"kid": "a", \#(Self.secret)}, {"kid": "b", \#(Self.ed25519)}]}"#.utf8),
            ignoringSecrets: true)
        #expect(keys["a"] == nil && keys["b"] != nil)
    }

    private func keys(_ json: String) async throws -> TokenKeys {
        var keys = TokenKeys()
        try await keys.add(jwks: Array(json.utf8))
        return keys
    }

    /// A number of so many bits, all of them ones.
    private static func modulus(bits: Int) -> String {
        Base64.encode([UInt8](repeating: 0xFF, count: bits / 8), .url)
    }
}
