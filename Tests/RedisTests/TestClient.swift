import Foundation
import Logging
import NIOCore
import NIOPosix
import Redis
import ServerTesting
import Testing

/// Clients of the server under test, which `KHATA_TEST_REDIS_URL` names.
enum TestClient {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func url() throws -> String {
        try #require(
            ProcessInfo.processInfo.environment["KHATA_TEST_REDIS_URL"],
            "set KHATA_TEST_REDIS_URL to a server's URL, such as redis://127.0.0.1:6379")
    }

    /// A client whose commands have time enough, unless `adjust` says otherwise. Waits until it is connected.
    static func with<T>(
        _ url: String? = nil, adjust: (inout RedisConfiguration) -> Void = { _ in },
        _ body: (RedisClient) async throws -> T
    ) async throws -> T {
        try await unconnected(url, adjust: adjust) { client async throws in
            try await eventually("the client connects") { client.identity != nil }
            return try await body(client)
        }
    }

    static func unconnected<T>(
        _ url: String? = nil, adjust: (inout RedisConfiguration) -> Void = { _ in },
        _ body: (RedisClient) async throws -> T
    ) async throws -> T {
        var configuration = try RedisConfiguration(url: url ?? self.url())
        configuration.commandTimeout = .seconds(20)
        configuration.silenceTimeout = .seconds(20)
        // Servers that are made up answer what the test says.
        configuration.identityInterval = .seconds(3_600)
        adjust(&configuration)
        let client = try make(configuration)
        return try await closing(client.close) { try await body(client) }
    }

    static func make(_ configuration: RedisConfiguration) throws -> RedisClient {
        try RedisClient(configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// A key that no other test uses.
    static func key(_ name: String = #function) -> String {
        "test:\(name):\(UInt64.random(in: 0 ... .max))"
    }
}

extension RedisClient {
    /// Of the server, if there is only one.
    var identity: String? { identities.first }

    func expectAnswer() async throws {
        let mark = "\(UInt64.random(in: 0 ... .max))"
        let answer = try await send(RedisCommand("ECHO", .string(mark)))
        #expect(answer.string == mark)
    }

    /// How many clients of the server wait in a blocking command such as BLPOP for this key.
    func blockedClients(on key: String) async throws -> Int {
        let list = try await send(RedisCommand("CLIENT", "LIST")).string ?? ""
        return list.split(separator: "\n").count { $0.contains("cmd=blpop") && $0.contains("name=\(key.suffix(12))") }
    }
}
