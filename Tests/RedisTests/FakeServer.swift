import NIOCore
import NIOPosix
import ServerTesting
import Synchronization

/// Listens on a port, answers the client's `INFO` as Redis does, and whatever comes later as the test says.
final class FakeServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let log: Log

    fileprivate final class Log: Sendable {
        let reads = Mutex<[String]>([])
        let connections = Atomic(0)
    }

    /// - Parameters:
    ///   - replies: To what the client sends after the handshake, one for each read; the last for all further ones.
    static func with<T>(replies: [String], _ body: (FakeServer) async throws -> T) async throws -> T {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Answers(replies, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = FakeServer(channel, log)
        func close() async { try? await channel.close() }
        return try await closing(close) { try await body(server) }
    }

    private init(_ channel: any Channel, _ log: Log) {
        self.channel = channel
        self.log = log
        guard let port = channel.localAddress?.port else { preconditionFailure("the server is bound") }
        self.port = port
    }

    /// What was read after the handshake, a string for each read.
    var reads: [String] { log.reads.withLock { $0 } }
    var connections: Int { log.connections.load(ordering: .relaxed) }
    var url: String { "redis://127.0.0.1:\(port)" }

    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var replies: [String]
        private let log: Log
        private var isGreeted = false

        init(_ replies: [String], _ log: Log) {
            self.replies = replies
            self.log = log
        }

        func channelActive(context: ChannelHandlerContext) {
            log.connections.add(1, ordering: .relaxed)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            var answer = "$42\r\nrun_id:fake\nrole:master\nmaster_replid:data\r\n"
            if isGreeted {
                log.reads.withLock { $0.append(text) }
                answer = replies.count > 1 ? replies.removeFirst() : replies[0]
            }
            isGreeted = true
            context.channel.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        }
    }
}
