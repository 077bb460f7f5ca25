public import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A RabbitMQ of the test's own, with its own epmd, to be killed, stopped and started again. It listens on the loopback
/// interface only.
public final class RabbitMQServer: Sendable {
    public let port: Int
    public let directory: URL
    private let environment: [String: String]
    private let processes = Mutex<(epmd: Process?, server: Process?)>((nil, nil))

    /// - Parameters:
    ///   - settings: Lines for `rabbitmq.conf`. `$DIR` stands for the server's directory.
    ///   - prepare: Puts what the server needs into its directory.
    public static func with<T>(
        _ settings: [String] = [], prepare: (URL) throws -> Void = { _ in },
        _ body: (RabbitMQServer) async throws -> T
    ) async throws -> T {
        let server = try await RabbitMQServer(settings)
        return try await closing(server.remove) {
            try prepare(server.directory)
            try server.start()
            return try await body(server)
        }
    }

    private init(_ settings: [String]) async throws {
        let (epmd, node) = (try await RedisServer.freePort(), try await RedisServer.freePort())
        port = try await RedisServer.freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "khata-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.path
        let common = [
            "listeners.tcp.1 = 127.0.0.1:\(port)", "default_user = khata", "default_pass = secret",
            "log.console = true", "log.file = false", "disk_free_limit.absolute = 10MB",
            "vm_memory_high_watermark.absolute = 1GB",
        ]
        let text = (common + settings).joined(separator: "\n") + "\n"
        try text.replacing("$DIR", with: path).write(toFile: "\(path)/rabbitmq.conf", atomically: true, encoding: .utf8)
        let plugins = "[].\n"
        try plugins.write(toFile: "\(path)/enabled_plugins", atomically: true, encoding: .utf8)
        // As in ops/lib/rabbitmq.sh.
        environment = [
            "HOME": path, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "ERL_EPMD_PORT": "\(epmd)",
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": "khata-\(port)@localhost",
            "RABBITMQ_DIST_PORT": "\(node)", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": "\(path)/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(path)/enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": "\(path)/config", "RABBITMQ_MNESIA_BASE": "\(path)/mnesia",
            "RABBITMQ_LOG_BASE": "\(path)/log", "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
        ]
    }

    public var url: String { "amqp://khata:secret@127.0.0.1:\(port)" }

    /// Does not wait until it accepts connections.
    public func start() throws {
        try processes.withLock { processes in
            if processes.epmd == nil { processes.epmd = try launch("/usr/bin/epmd", []) }
            processes.server = try launch("/usr/lib/rabbitmq/bin/rabbitmq-server", ["-noinput"])
        }
    }

    /// `rabbitmqctl`.
    public func control(_ arguments: String...) throws { try control(arguments) }

    public func control(_ arguments: [String]) throws {
        let process = try launch("/usr/lib/rabbitmq/bin/rabbitmqctl", arguments)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ControlFailed(arguments: arguments) }
    }

    private struct ControlFailed: Error {
        let arguments: [String]
    }

    private func launch(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Whether it would know a quorum queue after kill -9. RabbitMQ writes the list of those down some seconds after it has
    /// declared one, and confirms messages meanwhile.
    public func knowsForever(_ queue: String) -> Bool {
        let node = "khata-\(port)@localhost"
        let list = try? Data(contentsOf: directory.appending(path: "mnesia/\(node)/quorum/\(node)/names.dets"))
        return list?.firstRange(of: Data("%2F_\(queue)".utf8)) != nil
    }

    /// kill -9, and the process is gone.
    public func kill() {
        signal(SIGKILL)
        processes.withLock { processes in
            processes.server?.waitUntilExit()
            processes.server = nil
        }
    }

    /// SIGSTOP: the kernel still accepts connections for it, and nothing answers.
    public func stop() { signal(SIGSTOP) }

    public func resume() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        processes.withLock { $0.server?.send(number) }
    }

    private func remove() {
        kill()
        processes.withLock { processes in
            // A child of a thread that blocks SIGTERM does so, too.
            processes.epmd?.send(SIGKILL)
            processes.epmd?.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: directory)
    }
}
