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
        await #expect(throws: TokenKeysError.self) { try await self.keys(#"{"keys": [\#(key)]}"#) }
    }

    @Test(
        "what pretends to be a key refuses them all, and says which one it is",
        arguments: [
            ("", "not a JWK Set"), ("{}", "not a JWK Set"), ("[]", "not a JWK Set"),
            (#"{"keys": {}}"#, "not a JWK Set"),
            (#"{"keys": []}"#, "none of its keys"), (#"{"keys": [1]}"#, "key 0 is no JSON object"),
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

    @Test("a file is read again when it changes; while it cannot be used, the keys of before stay")
    func watch() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(component: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(component: "jwks.json")
        let (issuer, now) = (TokenIssuer.shared, Timestamp.now)
        let token = try issuer.token("ES256", at: now.microseconds / 1_000_000)
        func write(_ text: String) throws { try Data(text.utf8).write(to: path, options: .atomic) }

        let file = TokenKeysFile(path: path.path)
        await #expect(throws: TokenKeysError.self) { try await file.keys() }
        try write(#"{"keys": [{"kid": "a", \#(Self.ed25519)}]}"#)
        let verifier = TokenVerifier(policy: issuer.policy, keys: try await file.keys())
        let log = CollectedLog()
        let watch = TokenKeysWatch(file: file, verifier: verifier, logger: log.logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await watch.run(every: .milliseconds(1)) }
            func isAccepted() -> Bool { (try? verifier.verify(token[...], at: now)) != nil }
            #expect(!isAccepted())
            try write(try issuer.jwks())
            try await eventually { isAccepted() }
            try write("{")
            try await eventually { log.text.contains("not a JWK Set") }
            #expect(isAccepted())
            try FileManager.default.removeItem(at: path)
            try await eventually { log.text.contains("cannot be opened") }
            #expect(isAccepted())
            try write(#"{"keys": [{"kid": "a", \#(Self.ed25519)}]}"#)
            try await eventually { !isAccepted() }
            group.cancelAll()
        }
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
