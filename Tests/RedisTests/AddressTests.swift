import Foundation
import Redis
import ServerTesting
import Testing

/// Ways to a server that need one of the test's own: users, a unix socket, TLS.
@Suite("addresses")
struct AddressTests {
    private func failure(_ url: String, adjust: (inout RedisConfiguration) -> Void = { _ in }) async throws
        -> RedisError?
    {
        try await TestClient.unconnected(url, adjust: adjust) { client in
            await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
        }
    }

    @Test("users, passwords and databases")
    func users() async throws {
        let acl = ["--requirepass", "top", "--user", "khata", "on", ">p@ss:w/rd", "~*", "+@all"]
        try await RedisServer.with(acl) { server in
            let host = "127.0.0.1:\(server.port)"
            try await TestClient.with("redis://:top@\(host)/3") { client async throws in
                #expect(try await client.send(RedisCommand("ACL", "WHOAMI")).string == "default")
                _ = try await client.send(RedisCommand("SET", "k", "1"))
            }
            try await TestClient.with("redis://khata:p%40ss%3Aw%2Frd@\(host)") { client async throws in
                #expect(try await client.send(RedisCommand("ACL", "WHOAMI")).string == "khata")
                #expect(try await client.send(RedisCommand("GET", "k")).isNull)
                _ = try await client.send(RedisCommand("SELECT", "3"))
                #expect(try await client.send(RedisCommand("GET", "k")).int64 == 1)
            }
            for (url, code) in [
                ("redis://khata:wrong@\(host)", "WRONGPASS"), ("redis://\(host)", "NOAUTH"),
                ("redis://:top@\(host)/99", "ERR"),
            ] {
                let error = try await failure(url)
                #expect(error?.kind == .connection)
                #expect(error?.message.contains(code) == true)
                #expect(error?.message.contains("wrong@") == false)
            }
        }
    }

    @Test("a unix socket")
    func unixSocket() async throws {
        try await RedisServer.with(["--unixsocket", "$DIR/s"]) { server in
            try await TestClient.with("unix://\(server.directory.path)/s?db=2") { client async throws in
                try await client.expectAnswer()
                let list = try await client.send(RedisCommand("CLIENT", "LIST")).string
                #expect(list?.contains("\(server.directory.path)/s:0") == true)
                #expect(list?.contains(" db=2 ") == true)
            }
        }
    }

    @Test("TLS, if the certificate is trusted and of the host")
    func tls() async throws {
        let port = try await RedisServer.freePort()
        let arguments = [
            "--tls-port", "\(port)", "--tls-cert-file", "$DIR/cert.pem", "--tls-key-file", "$DIR/key.pem",
            "--tls-auth-clients", "no",
        ]
        try await RedisServer.with(arguments, prepare: SelfSignedCertificate.make) { server in
            let trust = { (configuration: inout RedisConfiguration) in
                configuration.trustRoots = .file(path: "\(server.directory.path)/cert.pem")
            }
            try await TestClient.with("rediss://localhost:\(port)", adjust: trust) { try await $0.expectAnswer() }
            let wrongName = try await failure("rediss://127.0.0.1:\(port)", adjust: trust)
            #expect(wrongName?.kind == .connection)
            let untrusted = try await failure("rediss://localhost:\(port)")
            #expect(untrusted?.kind == .connection)
            #expect(untrusted?.message.contains("CERTIFICATE_VERIFY_FAILED") == true)
            #expect(throws: InvalidRedisConfiguration.self) {
                var configuration = try RedisConfiguration(url: "rediss://localhost:\(port)")
                configuration.trustRoots = .file(path: "/nonexistent")
                _ = try TestClient.make(configuration)
            }
        }
    }
}
