import AuthenticationTesting
import Foundation
import Inventory
import ServerTesting
import Synchronization
import Testing

@testable import Access
@testable import Authentication

@Suite("Key sets that change")
struct TokenKeySetTests {
    private let issuer = TokenIssuer.shared
    private let clock = TestClock()
    private let log = CollectedLog()
    private static let otherKey =
        #"{"keys": [{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "\#(String(repeating: "A", count: 42))E"}]}"#

    @Test("the keys of a file are those that it has: none if its set is empty")
    func file() async throws {
        try await withFile { path in
            let file = KeyFile(path: path)
            let keys = keySet(.file(path.path))
            #expect(await keys.read() != nil)
            try file.write(try issuer.jwks())
            #expect(await keys.read() == nil)
            #expect(isAccepted(by: keys))
            for contents in [Self.otherKey, #"{"keys": []}"#] {
                try file.write(contents)
                #expect(await keys.read() == nil)
                #expect(!isAccepted(by: keys))
                #expect(keys.health()?.status == .pass)
                try file.write(try issuer.jwks())
                #expect(await keys.read() == nil)
                #expect(isAccepted(by: keys))
            }
        }
    }

    @Test("the last keys of a file that cannot be used are accepted for a limited time, with a warning")
    func stale() async throws {
        try await withFile { path in
            let file = KeyFile(path: path)
            try file.write(try issuer.jwks())
            let keys = keySet(.file(path.path))
            #expect(await keys.read() == nil)
            for spoil in [{ try file.write("{") }, { try FileManager.default.removeItem(at: path) }] {
                try spoil()
                #expect(await keys.read() != nil)
                #expect(keys.health()?.status == .warn)
                clock.advance(by: .seconds(599))
                #expect(await keys.read() != nil)
                #expect(isAccepted(by: keys))
                #expect(keys.health()?.output?.contains("for 1 more second") == true)
                clock.advance(by: .seconds(1))
                #expect(!isAccepted(by: keys), "even if nothing reads the file any more")
                #expect(keys.health()?.output?.contains("refused") == true)
                try file.write(try issuer.jwks())
                #expect(await keys.read() == nil)
                #expect(isAccepted(by: keys))
                #expect(keys.health()?.status == .pass)
            }
        }
        #expect(log.text.contains("not a JWK Set") && log.text.contains("cannot be opened"))
    }

    @Test("a file is read again by itself, and fixed keys stay whatever becomes of it")
    func watched() async throws {
        try await withFile { path in
            let file = KeyFile(path: path)
            try file.write(Self.otherKey)
            var fixed = TokenKeys()
            try await fixed.add(hs256Secret: TokenIssuer.secret, as: "HS256")
            let keys = TokenKeySet(
                fixed: fixed, source: .file(path.path), patience: .zero, clock: AccessClock(), logger: log.logger)
            try await withThrowingTaskGroup { group in
                group.addTask { await keys.run(every: .milliseconds(1)) }
                try file.write(try issuer.jwks())
                try await eventually { log.text.contains("the token keys were read") }
                try FileManager.default.removeItem(at: path)
                try await eventually { log.text.contains("cannot be opened") }
                #expect(!isAccepted(by: keys))
                #expect(isAccepted(by: keys, "HS256"))
                group.cancelAll()
            }
        }
    }

    @Test("without a source it runs until it is stopped: a service that ends would stop the others")
    func fixed() async {
        let keys = TokenKeySet(source: nil, patience: .zero, logger: log.logger)
        #expect(keys.health()?.status == nil)
        let isOver = Flag()
        await withTaskGroup { group in
            group.addTask {
                await keys.run()
                isOver.value.withLock { $0 = true }
            }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(!isOver.value.withLock { $0 })
            group.cancelAll()
        }
    }

    @Test("a URL is read for a token with an unknown kid, once however many come, and not again for 30 seconds")
    func unknownKey() async throws {
        let jwks = try issuer.jwks()
        try await ScriptedServer.with { number, _ in
            .answer(200, number == 0 ? Self.otherKey : jwks)
        } _: {
            server, url in
            let keys = keySet(try .url("\(url)/jwks", every: .seconds(300)))
            #expect(await keys.read() == nil)
            let watchman = Watchman(Credentials(), tokens: issuer.verifier(keys), clock: clock)
            let token = "Bearer " + (try issuer.token("ES256", at: TestClock.start))
            #expect(try await watchman.principal(presenting: token) == nil)
            #expect(server.requests.count == 1, "30 seconds are not over")
            clock.advance(by: .seconds(30))
            try await withThrowingTaskGroup { group in
                for claim in 0..<20 {
                    let token = try issuer.token("ES256", at: TestClock.start, claims: ["n": "\(claim)"])
                    group.addTask { try await watchman.principal(presenting: "Bearer \(token)") }
                }
                for try await principal in group { #expect(principal != nil) }
            }
            for kid in ["b", "c"] {
                let token = try issuer.token("ES256", at: TestClock.start, header: ["kid": "\"\(kid)\""])
                #expect(try await watchman.principal(presenting: "Bearer \(token)") == nil)
            }
            #expect(server.requests.count == 2)
            #expect(server.requests.allSatisfy { $0.target == "/jwks" })
        }
    }

    @Test("what is not the set of keys at the URL is none")
    func responses() async throws {
        let jwks = try issuer.jwks()
        let replies: [(ScriptedServer.Reply, String)] = [
            (.answer(302, headers: [("Location", "/jwks")], ""), "responds with 302"),
            (.answer(500, jwks), "responds with 500"), (.answer(204, ""), "responds with 204"), (.hangUp, "cannot be"),
            (.answer(200, String(repeating: " ", count: 1 << 20) + jwks), "longer than"), (.answer(200, "{}"), "not a"),
            (.silence, "respond"),
        ]
        for (reply, words) in replies {
            try await ScriptedServer.with { _, _ in
                reply
            } _: { server, url in
                var source = try TokenKeysSource.url(url, every: .seconds(300))
                source.timeout = if case .silence = reply { .milliseconds(500) } else { .seconds(60) }
                let keys = keySet(source)
                let error = await keys.read()
                #expect(error?.description.contains(words) == true, "\(error?.description ?? "none")")
                #expect(!isAccepted(by: keys))
                #expect(server.requests.count <= 1)
            }
        }
    }

    @Test(
        "URLs of keys are of https, or of this machine",
        arguments: [
            ("https://login.example.com/jwks", true), ("http://127.0.0.1:8080/", true), ("http://localhost/", true),
            ("http://[::1]/", true), ("http://login.example.com/jwks", false), ("http://127.0.0.1.example/", false),
            ("https://a:b@login.example.com/", false), ("https:///jwks", false), ("file:///etc/jwks", false),
            ("jwks", false), ("", false),
        ])
    func urls(text: String, isValid: Bool) {
        #expect(((try? TokenKeysSource.url(text, every: .seconds(1))) != nil) == isValid)
    }

    private func keySet(_ source: TokenKeysSource) -> TokenKeySet {
        let clock = clock
        return TokenKeySet(
            fixed: TokenKeys(), source: source, patience: .seconds(600),
            clock: AccessClock(now: { clock.instant }, wall: { clock.wall }), logger: log.logger)
    }

    private func isAccepted(by keys: TokenKeySet, _ algorithm: String = "ES256") -> Bool {
        let now = Timestamp.now
        let token = try? issuer.token(algorithm, at: now.microseconds / 1_000_000)
        return (token.flatMap { try? issuer.verifier(keys).verify($0[...], at: now) }) != nil
    }

    private func withFile(_ body: (URL) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(component: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: path) }
        try await body(path)
    }
}

private final class Flag: Sendable {
    let value = Mutex(false)
}

private struct KeyFile {
    let path: URL

    func write(_ text: String) throws { try Data(text.utf8).write(to: path, options: .atomic) }
}
