import NIOCore
import NIOPosix
import Redis
import Testing

@Suite("client")
struct ClientTests {
    @Test("stores and returns any bytes")
    func bytes() async throws {
        try await TestClient.with { client async throws in
            let key = RedisArgument.string(TestClient.key())
            let document = ByteBuffer(bytes: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            #expect(
                try await client.send(RedisCommand("SET", key, .bytes(document), "EX", .integer(60))) == .status("OK"))
            #expect(try await client.send(RedisCommand("GET", key)) == .bytes(document))
            #expect(try await client.send(RedisCommand("STRLEN", key)) == .integer(300_000))
            #expect(try await client.send(RedisCommand("GETDEL", key)).bytes == document)
            #expect(try await client.send(RedisCommand("GET", key)).isNull)
        }
    }

    @Test("a refused command throws what the server said")
    func refused() async throws {
        try await TestClient.with { client async throws in
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("NOSUCH")) }
            #expect(error?.serverCode == "ERR")
            #expect(error?.message.contains("NOSUCH") == true)
            try await client.expectAnswer()
        }
    }

    @Test("a pipeline has a reply for each command, refusals among them")
    func pipeline() async throws {
        try await TestClient.with { client async throws in
            let key = RedisArgument.string(TestClient.key())
            let replies = try await client.pipeline([
                RedisCommand("HSET", key, "a", .integer(1)), RedisCommand("INCR", key),
                RedisCommand("HMGET", key, "a", "b"), RedisCommand("DEL", key),
            ])
            try #require(replies.count == 4)
            #expect(replies[1].error?.serverCode == "WRONGTYPE")
            #expect(replies[2].array?.map(\.int64) == [1, nil])
            #expect(replies[3] == .integer(1))
            #expect(try await client.pipeline([]) == [])
        }
    }

    @Test("thousands of callers get their own answers", arguments: [1, 3])
    func concurrent(connections: Int) async throws {
        let adjust = { (configuration: inout RedisConfiguration) in configuration.connections = connections }
        try await TestClient.with(adjust: adjust) { client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4000 as Range<Int64> {
                    group.addTask {
                        if number.isMultiple(of: 7) {
                            let replies = try await client.pipeline([
                                RedisCommand("ECHO", .integer(number)), RedisCommand("ECHO", .integer(-number)),
                            ])
                            #expect(replies.map(\.int64) == [number, -number])
                        } else {
                            #expect(try await client.send(RedisCommand("ECHO", .integer(number))).int64 == number)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("runs a script that the server does not know yet, and then by its name")
    func script() async throws {
        try await TestClient.with { client async throws in
            let script = RedisScript("return {KEYS[1], ARGV[1], '\(UInt64.random(in: 0 ... .max))'}")
            let command = RedisCommand.evaluate(script, keys: ["k"], arguments: [.integer(5)])
            #expect(try await client.pipeline([command]).first?.isUnknownScript == true)
            let answer = try await client.evaluate(script, keys: ["k"], arguments: [.integer(5)])
            #expect(answer.array?.first?.string == "k")
            #expect(answer.array?[1].int64 == 5)
            #expect(try await client.pipeline([command]) == [answer])
            let other = RedisScript(script.source + " ")
            let replies = try await client.pipeline([
                .load(other), .evaluate(other, keys: ["k"], arguments: [.integer(5)]),
            ])
            #expect(replies == [.bytes(ByteBuffer(string: other.sha)), answer])
        }
    }

    @Test("a script that fails throws, once")
    func failingScript() async throws {
        try await TestClient.with { client async throws in
            let key = TestClient.key()
            let script = RedisScript("redis.call('INCR', KEYS[1]); return redis.error_reply('BROKEN no')")
            let error = await #expect(throws: RedisError.self) {
                try await client.evaluate(script, keys: [.string(key)])
            }
            #expect(error?.serverCode == "BROKEN")
            #expect(try await client.send(RedisCommand("GETDEL", .string(key))).int64 == 1)
        }
    }

    @Test("commands for another server are not sent")
    func otherServer() async throws {
        try await TestClient.with { client async throws in
            let key = RedisArgument.string(TestClient.key())
            let identity = try #require(client.identity)
            let commands = [RedisCommand("SET", key, "1", "EX", "60"), RedisCommand("GET", key)]
            let error = await #expect(throws: RedisError.self) {
                try await client.pipeline(commands, expecting: String(identity.reversed()))
            }
            #expect(error?.kind == .serverChanged)
            #expect(try await client.send(RedisCommand("EXISTS", key), expecting: identity) == .integer(0))
            #expect(try await client.pipeline(commands, expecting: identity).last?.int64 == 1)
            _ = try await client.send(RedisCommand("DEL", key))
        }
    }
}
