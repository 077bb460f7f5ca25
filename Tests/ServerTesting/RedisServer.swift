public import Foundation
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A `redis-server` of the test's own, to be killed, stopped and started again.
public final class RedisServer: Sendable {
    public let port: Int
    public let directory: URL
    private let arguments: [String]
    private let isSentinel: Bool
    private let process = Mutex<Process?>(nil)

    /// - Parameters:
    ///   - arguments: Of `redis-server`, further ones. `$DIR` stands for the server's directory.
    ///   - prepare: Puts what the server needs into its directory.
    public static func with<T>(
        _ arguments: [String] = [], prepare: (URL) throws -> Void = { _ in }, _ body: (RedisServer) async throws -> T
    ) async throws -> T {
        let server = try await RedisServer(arguments, port: freePort())
        return try await closing(server.remove) {
            try prepare(server.directory)
            try server.start()
            return try await body(server)
        }
    }

    /// Several, one after the other: `arguments` gets the number of each.
    public static func with<T>(
        _ count: Int, isSentinel: Bool = false, arguments: (Int) async throws -> [String],
        _ body: ([RedisServer]) async throws -> T
    ) async throws -> T {
        var servers: [RedisServer] = []
        func remove() async { for server in servers { server.remove() } }
        return try await closing(remove) {
            for number in 0..<count {
                let server = try await RedisServer(arguments(number), port: freePort(), isSentinel: isSentinel)
                servers.append(server)
                try server.start()
            }
            for server in servers {
                try await eventually("the server answers") { try server.cli("PING").hasPrefix("PONG") }
            }
            return try await body(servers)
        }
    }

    private init(_ arguments: [String], port: Int, isSentinel: Bool = false) throws {
        self.port = port
        self.isSentinel = isSentinel
        // Short, because a unix socket's path may not be long.
        directory = FileManager.default.temporaryDirectory.appending(path: "khata-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.path
        self.arguments = arguments.map { $0.replacing("$DIR", with: path) }
    }

    public var url: String { "redis://127.0.0.1:\(port)" }

    public var address: String { "127.0.0.1:\(port)" }

    /// Does not wait until it answers.
    public func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // A sentinel keeps what it knows in its configuration file.
        let file = directory.appending(path: "sentinel.conf")
        if isSentinel, !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        process.arguments =
            ["redis-server"] + (isSentinel ? [file.path, "--sentinel"] : [])
            + ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory.path, "--save", ""] + arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// What `redis-cli` answers: it talks to replicas too.
    @discardableResult
    public func cli(_ arguments: String...) throws -> String { try cli(arguments) }

    func cli(_ arguments: [String]) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", "\(port)"] + arguments
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }

    /// kill -9, and the process is gone.
    public func kill() {
        signal(SIGKILL)
        process.withLock { process in
            process?.waitUntilExit()
            process = nil
        }
    }

    /// SIGSTOP: the kernel still accepts connections for it, and nothing answers.
    public func stop() { signal(SIGSTOP) }

    public func resume() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        process.withLock { $0?.send(number) }
    }

    private func remove() {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    /// One that was free a moment ago.
    public static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { preconditionFailure("the channel is bound") }
        try await channel.close()
        return port
    }
}

/// Runs `body`, and `close` whatever becomes of it.
public func closing<T>(_ close: () async -> Void, _ body: () async throws -> T) async throws -> T {
    do {
        let value = try await body()
        await close()
        return value
    } catch {
        await close()
        throw error
    }
}
