import Foundation
import LedgerTesting
import NIOCore
import NIOPosix
import ServerTesting
import Synchronization
import Testing

/// Servers that are told to stop, in processes of their own.
@Suite("Stopping khata serve", .serialized)
struct ShutdownTests {
    private let arguments = ["serve", "--port", "0", "--ops-port", "0"]

    @Test("who is not done in time is cut off, and the log and the exit status say so")
    func drain() async throws {
        try await TestFile.with { file in
            let program = Program(on: file, ["KHATA_CONNECTIONS_DRAIN_SECONDS": "1"])
            let server = try program.start(arguments, log: file.folder.appending(path: "log"))
            try await closing({ server.kill() }) {
                let client = try await EndlessRequest(to: server)
                server.kill(SIGTERM)
                let outcome = try await server.end()
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("connections=1"), "\(outcome.errors)")
                try await client.end()
                // It was closed as always: all is in the file itself.
                #expect(!FileManager.default.fileExists(atPath: file.path + "-wal"))
            }
        }
    }

    @Test("with nobody there it ends at once, and well, also if its terminal closes", arguments: [SIGTERM, SIGHUP])
    func idle(signal: Int32) async throws {
        try await TestFile.with { file in
            let server = try Program(on: file).start(arguments, log: file.folder.appending(path: "log"))
            try await closing({ server.kill() }) {
                _ = try await server.url()
                server.kill(signal)
                let outcome = try await server.end()
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
        }
    }

    @Test("the second Ctrl-C ends it at once")
    func twice() async throws {
        try await TestFile.with { file in
            let program = Program(on: file, ["KHATA_CONNECTIONS_DRAIN_SECONDS": "600"])
            let server = try program.start(arguments, log: file.folder.appending(path: "log"))
            try await closing({ server.kill() }) {
                let client = try await EndlessRequest(to: server)
                server.kill(SIGINT)
                try await eventually("it is shutting down") { try server.said.contains("shutting down") }
                server.kill(SIGTERM)
                server.kill(SIGINT)
                let outcome = try await server.end()
                #expect(outcome.status == 128 + SIGINT)
                try await client.end()
            }
        }
    }

    @Test("a database that hangs does not keep it; what was under way is done once by who repeats it")
    func hangingDatabase() async throws {
        try await TestFile.with { file in
            try await TestDatabase.with { database in
                let program = Program(on: database, ["KHATA_CONNECTIONS_DRAIN_SECONDS": "1"])
                let key = try await program.run(["key", "create", "--name", "test", "--role", "admin"])
                let log = file.folder.appending(path: "log")
                let move = ["move", "in", "101", "5", "--key", "delivery-1"]

                let server = try program.start(arguments, log: log)
                let client = try await client(of: server, key)
                for command in [["store", "add", "Mall"], ["product", "add", "Rice", "--id", "101"]] {
                    let added = try await client.run(command)
                    #expect(added.status == 0, "\(added.errors)")
                }
                let moved = try await database.stalling(
                    { try client.start(move, log: file.folder.appending(path: "client")) }, at: .outcomes
                ) { _ in
                    server.kill(SIGTERM)
                    let outcome = try await server.end()
                    #expect(outcome.status == 1)
                    #expect(outcome.errors.contains("connections=1"), "\(outcome.errors)")
                    #expect(outcome.errors.contains("takes longer than 6 seconds"), "\(outcome.errors)")
                }
                #expect(moved.status == 1 && moved.errors.contains("--key delivery-1"), "\(moved.errors)")

                let next = try program.start(arguments, log: log)
                try await closing({ next.kill() }) {
                    let client = try await self.client(of: next, key)
                    let again = try await client.run(move)
                    #expect(again.status == 0, "\(again.errors)")
                    #expect(try await database.integers("select on_hand from stock_levels") == [5])
                }
            }
        }
    }

    private func client(of server: RunningProgram, _ key: Program.Outcome) async throws -> Program {
        let token = try #require(key.lines.first, "\(key.errors)")
        return Program(environment: ["KHATA_SERVER_URL": try await server.url(), "KHATA_API_KEY": String(token)])
    }
}

extension RunningProgram {
    /// Where it serves, once it does.
    fileprivate func url() async throws -> String {
        var url: Substring?
        try await eventually("it serves") {
            url = try said.firstMatch(of: /serving url=(http:\S+)/)?.output.1
            return url != nil
        }
        return String(try #require(url))
    }
}

/// A request whose body comes fast enough, and has no end.
private struct EndlessRequest {
    private let channel: any Channel
    private let sending: Task<Void, Never>

    /// Returns when the server has read the head: it says so.
    init(to server: RunningProgram) async throws {
        let url = try await server.url()
        let port = try #require(Int(url.split(separator: ":").last ?? ""))
        let key = try #require(try server.said.firstMatch(of: /Admin key, shown this once: (\S+)/)?.output.1)
        let heard = Hearing()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(heard) }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(
            ByteBuffer(
                string: """
                    POST /stock-movements HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(key)\r
                    Content-Type: application/json\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n
                    """))
        try await eventually("the head is read") { heard.isSet }
        self.channel = channel
        sending = Task {
            let part = ByteBuffer(repeating: UInt8(ascii: " "), count: 1_000)
            while (try? await channel.writeAndFlush(part)) != nil {
                guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { break }
            }
        }
    }

    /// Waits until the server has hung up.
    func end() async throws {
        sending.cancel()
        try await channel.closeFuture.get()
    }
}

/// Whether anything came.
private final class Hearing: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        flag.store(true, ordering: .relaxed)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
