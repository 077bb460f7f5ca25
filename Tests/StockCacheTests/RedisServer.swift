import Foundation
import LedgerTesting
import NIOPosix
import Redis
import Synchronization

/// A Redis of a test's own, that may be killed, stopped and started again.
final class RedisServer: Sendable {
    let port: Int
    private let process = Mutex<Process?>(nil)

    var url: String { "redis://127.0.0.1:\(port)" }

    static func with(_ body: (RedisServer) async throws -> Void) async throws {
        let server = RedisServer(port: Int.random(in: 20_000..<30_000))
        try await server.start()
        do {
            try await body(server)
        } catch {
            server.signal(SIGKILL)
            throw error
        }
        server.signal(SIGKILL)
    }

    private init(port: Int) {
        self.port = port
    }

    func start(_ options: [String] = []) async throws {
        let new = Process()
        new.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        new.arguments = ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"] + options
        new.standardOutput = FileHandle.nullDevice
        try new.run()
        process.withLock { $0 = new }
        guard try await eventually({ try await command("PING") != nil }) else { throw NoAnswer() }
    }

    func signal(_ signal: Int32) {
        process.withLock { process in
            guard let process else { return }
            kill(process.processIdentifier, signal)
            if signal == SIGKILL { process.waitUntilExit() }
        }
    }

    @discardableResult
    func command(_ name: StaticString, _ arguments: RedisArgument...) async throws -> RedisValue? {
        var configuration = try RedisConfiguration(url: url)
        configuration.commandTimeout = .seconds(2)
        let client = try RedisClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
        let value = try? await client.send(RedisCommand(name, arguments))
        await client.close()
        return value
    }
}

struct NoAnswer: Error {}
