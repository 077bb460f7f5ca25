import Redis
import ServerTesting
import Testing

/// A server of the test's own is killed, stopped, and started again.
@Suite("faults", .serialized)
struct FaultTests {
    private func blocked(_ client: RedisClient, count: Int) -> [Task<RedisValue, any Error>] {
        (0..<count).map { _ in
            Task { try await client.send(RedisCommand("BLPOP", "none", "20")) as RedisValue }
        }
    }

    @Test("a server that is killed fails all that is in flight, and its successor is known for another")
    func killed() async throws {
        try await RedisServer.with { server in
            try await TestClient.with(server.url) { client async throws in
                let first = try #require(client.identity)
                let script = RedisScript("return ARGV[1]")
                #expect(try await client.evaluate(script, keys: [], arguments: ["1"]).int64 == 1)
                let tasks = blocked(client, count: 3)
                try await TestClient.with(server.url) { other async throws in
                    try await eventually("BLPOP blocks") {
                        try await other.send(RedisCommand("INFO", "clients")).string?.contains("blocked_clients:1")
                            == true
                    }
                }
                server.kill()
                for task in tasks {
                    let error = await #expect(throws: RedisError.self) { try await task.value }
                    #expect(error?.kind == .connection)
                }
                // Fails without waiting for its timeout of 20 s.
                let start = ContinuousClock.now
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.kind == .connection)
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(client.identity == nil)

                try server.start()
                try await eventually("the client connects again") { client.identity != nil }
                let second = try #require(client.identity)
                #expect(second != first)
                let changed = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("SET", "k", "v"), expecting: first)
                }
                #expect(changed?.kind == .serverChanged)
                #expect(try await client.send(RedisCommand("EXISTS", "k"), expecting: second) == .integer(0))
                #expect(try await client.evaluate(script, keys: [], arguments: ["2"], expecting: second).int64 == 2)
            }
        }
    }

    @Test("a server that is stopped costs its timeout, then the connection, and comes back")
    func stopped() async throws {
        try await RedisServer.with { server in
            try await TestClient.with(
                server.url,
                adjust: {
                    $0.commandTimeout = .milliseconds(100)
                    $0.silenceTimeout = .seconds(4)
                    $0.connectTimeout = .milliseconds(500)
                }
            ) { client async throws in
                let identity = try #require(client.identity)
                server.stop()
                let errors = await withTaskGroup(of: RedisError.Kind?.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            do throws(RedisError) {
                                _ = try await client.send(RedisCommand("INCR", "n"))
                                return nil
                            } catch {
                                return error.kind
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(errors == Array(repeating: .timeout, count: 20))
                #expect(client.identity == identity)
                try await eventually("the connection is given up") { client.identity == nil }
                // The kernel accepts for the stopped server, so the next attempt hangs; nobody waits for it.
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.kind == .connection || error?.kind == .timeout)
                server.resume()
                try await eventually("the client connects again") { client.identity == identity }
                // Sent once each, if the server took them in at all, and not again.
                try await eventually("an answer") {
                    (try? await client.send(RedisCommand("GET", "n"))).map { ($0.int64 ?? 0) <= 20 } ?? false
                }
            }
        }
    }

    @Test("commands wait for the first connection, and no longer than they may")
    func firstConnection() async throws {
        try await RedisServer.with { server in
            // The process has to listen before it is stopped.
            try await TestClient.with(server.url) { try await $0.expectAnswer() }
            server.stop()
            try await TestClient.unconnected(server.url, adjust: { $0.commandTimeout = .milliseconds(500) }) { client in
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.kind == .timeout)
            }
            try await TestClient.unconnected(server.url, adjust: { $0.commandTimeout = .seconds(60) }) { client in
                async let answer: Void = client.expectAnswer()
                server.resume()
                try await answer
            }
        }
    }

    @Test("nobody listens: commands fail at once and say why")
    func refused() async throws {
        try await TestClient.unconnected("redis://127.0.0.1:1") { client in
            let start = ContinuousClock.now
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
            #expect(error?.kind == .connection)
            #expect(error?.message.contains("127.0.0.1:1") == true)
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }
}
