import NIOCore
import Redis
import ServerTesting
import Testing

/// What becomes of callers whose answer does not come, or would be too much.
@Suite("limits")
struct LimitTests {
    /// Runs the body while the client's connection is held by a BLPOP, which `release` ends.
    private func whileBlocked(
        adjust: (inout RedisConfiguration) -> Void = { _ in },
        _ body: (_ client: RedisClient, _ blocked: Task<RedisValue, any Error>, _ release: () async throws -> Void)
            async throws -> Void
    ) async throws {
        let key = TestClient.key("b")
        try await TestClient.with { other in
            try await TestClient.with(adjust: adjust) { client in
                // Again if need be: the client's deadline may be a short one.
                try await eventually("the client has a name") {
                    let name = RedisArgument.string(String(key.suffix(12)))
                    return (try? await client.send(RedisCommand("CLIENT", "SETNAME", name))) == .status("OK")
                }
                let blocked = Task { try await client.send(RedisCommand("BLPOP", .string(key), "20")) as RedisValue }
                try await eventually("BLPOP blocks") { try await other.blockedClients(on: key) == 1 }
                try await body(client, blocked) {
                    _ = try await other.send(RedisCommand("LPUSH", .string(key), "value"))
                }
            }
        }
    }

    @Test("a caller that is cancelled goes on at once, and its reply reaches nobody else")
    func cancellation() async throws {
        try await whileBlocked { client, blocked, release in
            blocked.cancel()
            let error = await #expect(throws: RedisError.self) { try await blocked.value }
            #expect(error?.kind == .cancelled)
            let next = Task { try await client.send(RedisCommand("ECHO", "next")) as RedisValue }
            try await release()
            #expect(try await next.value.string == "next")
        }
    }

    @Test("a task that was cancelled before sends nothing")
    func cancelledBefore() async throws {
        try await TestClient.with { client async throws in
            let key = RedisArgument.string(TestClient.key())
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(RedisCommand("SET", key, "1", "EX", "60")) as RedisValue
            }
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(try await client.send(RedisCommand("EXISTS", key)) == .integer(0))
        }
    }

    @Test("a command that takes too long fails at its deadline, and its reply reaches nobody else")
    func timeout() async throws {
        let adjust = { (configuration: inout RedisConfiguration) in configuration.commandTimeout = .milliseconds(300) }
        try await whileBlocked(adjust: adjust) { client, blocked, release in
            let start = ContinuousClock.now
            let error = await #expect(throws: RedisError.self) { try await blocked.value }
            #expect(error?.kind == .timeout)
            let second = await #expect(throws: RedisError.self) {
                try await client.send(RedisCommand("ECHO", "second"))
            }
            #expect(second?.kind == .timeout)
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(client.identity != nil)
            try await release()
            try await eventually("the connection is of use again") {
                (try? await client.send(RedisCommand("ECHO", "third")))?.string == "third"
            }
        }
    }

    @Test("what is more than may be in flight and wait is refused at once")
    func overload() async throws {
        let adjust = { (configuration: inout RedisConfiguration) in
            configuration.maximumInFlight = 2
            configuration.maximumWaiting = 1
        }
        try await whileBlocked(adjust: adjust) { client, blocked, release in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<5 as Range<Int64> {
                    group.addTask {
                        do throws(RedisError) {
                            let value = try await client.send(RedisCommand("ECHO", .integer(number)))
                            #expect(value.int64 == number)
                            return true
                        } catch {
                            #expect(error.kind == .overloaded)
                            return false
                        }
                    }
                }
                for _ in 0..<3 { #expect(try await group.next() == false) }
                try await release()
                for _ in 0..<2 { #expect(try await group.next() == true) }
            }
            #expect(try await blocked.value.array?.last?.string == "value")
            let pings = [RedisCommand](repeating: RedisCommand("PING"), count: 3)
            let error = await #expect(throws: RedisError.self) { try await client.pipeline(pings) }
            #expect(error?.kind == .overloaded)
            try await client.expectAnswer()
        }
    }

    @Test("a reply that is too long ends the connection, which is made again")
    func tooLong() async throws {
        let adjust = { (configuration: inout RedisConfiguration) in configuration.maximumReplyBytes = 100_000 }
        try await TestClient.with(adjust: adjust) { client async throws in
            let key = RedisArgument.string(TestClient.key())
            let document = ByteBuffer(repeating: 1, count: 100_001)
            _ = try await client.send(RedisCommand("SET", key, .bytes(document), "EX", "60"))
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("GET", key)) }
            #expect(error?.kind == .protocolViolation)
            try await eventually("the client connects again") { client.identity != nil }
            #expect(try await client.send(RedisCommand("DEL", key)) == .integer(1))
        }
    }

    @Test(
        "a reply that makes no sense, or that nobody asked for, ends the connection",
        arguments: [
            "?\r\n", "*1000000000\r\n", "$3\r\nabcdef", ":1\r\n:2\r\n", "HTTP/1.1 400 Bad Request\r\n",
        ])
    func malformed(reply: String) async throws {
        try await FakeServer.with(replies: [reply]) { server in
            try await TestClient.with(server.url) { client async throws in
                let result = await Result { try await client.pipeline([RedisCommand("PING"), RedisCommand("PING")]) }
                if case .failure(let error) = result { #expect((error as? RedisError)?.kind == .protocolViolation) }
                // Two replies to two commands are right, and a third is not.
                if case .success = result { #expect(throws: Never.self) { try result.get() } }
                _ = try? await client.pipeline([RedisCommand("PING")])
                try await eventually("the client connects again") {
                    server.connections > 1 && client.identity == "fake.0/data"
                }
            }
        }
    }

    @Test("closing fails what is pending and what comes later")
    func close() async throws {
        try await whileBlocked { client, blocked, _ in
            await client.close()
            let pending = await #expect(throws: RedisError.self) { try await blocked.value }
            #expect(pending?.kind == .closed)
            let later = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
            #expect(later?.kind == .closed)
            #expect(client.identity == nil)
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
