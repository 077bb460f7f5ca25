import LedgerTesting
import NIOPosix
import Redis
import ServerTesting

extension RedisServer {
    /// - Returns: `nil` if it does not answer.
    @discardableResult
    func command(_ name: StaticString, _ arguments: RedisArgument...) async throws -> RedisValue? {
        try await command(name, arguments)
    }

    @discardableResult
    func command(_ name: StaticString, _ arguments: [RedisArgument]) async throws -> RedisValue? {
        var configuration = try RedisConfiguration(url: url)
        configuration.commandTimeout = .seconds(2)
        let client = try RedisClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
        return try await closing(client.close) { try? await client.send(RedisCommand(name, arguments)) }
    }

    /// Starts it, and waits until it answers.
    func startAnswering() async throws {
        try start()
        try await eventually("Redis answers") { try await command("PING") != nil }
    }
}

extension RedisServer {
    func keys(_ pattern: String) async throws -> [String] {
        try await command("KEYS", .string(pattern))?.array?.compactMap(\.string) ?? []
    }

    /// How often it was sent a command since it started, also by scripts.
    func calls(_ command: String) async throws -> Int {
        let statistics = try await self.command("INFO", "commandstats")?.string ?? ""
        let line = statistics.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):") }
        return line?.firstMatch(of: /calls=(\d+)/).flatMap { Int($0.output.1) } ?? 0
    }

    /// How often a mark that was unknown was claimed: only that script asks for the time.
    func claims() async throws -> Int { try await calls("time") }
}
