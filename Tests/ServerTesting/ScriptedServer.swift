import NIOCore
public import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that answers as a test says, whatever it is asked.
public final class ScriptedServer: Sendable {
    public struct Request: Sendable {
        public let method: HTTPMethod
        public let target: String
        public let headers: HTTPHeaders
        public let body: String
    }

    public enum Reply: Sendable {
        case answer(Int, headers: [(String, String)] = [], String)
        /// The connection ends without one.
        case hangUp
        /// The connection stays open without one.
        case silence

        public static func problem(_ status: Int, _ code: String, retryAfter: Int? = nil, more: String = "") -> Reply {
            .answer(
                status, headers: retryAfter.map { [("Retry-After", String($0))] } ?? [],
                #"{"code":"\#(code)","detail":"It is \#(code)."\#(more)}"#)
        }
    }

    private let reply: @Sendable (Int, Request) -> Reply
    private let received = Mutex<[Request]>([])
    private let accepted = Mutex(0)

    public var requests: [Request] { received.withLock { $0 } }
    /// How many were accepted.
    public var connections: Int { accepted.withLock { $0 } }

    private init(reply: @escaping @Sendable (Int, Request) -> Reply) {
        self.reply = reply
    }

    /// - Parameter reply: What is answered to a request, given how many came before it.
    public static func with(
        _ reply: @escaping @Sendable (Int, Request) -> Reply,
        _ body: (_ server: ScriptedServer, _ url: String) async throws -> Void
    ) async throws {
        let server = ScriptedServer(reply: reply)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReplyingHandler(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(server, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
            try await channel.close()
        } catch {
            try await channel.close()
            throw error
        }
    }

    fileprivate func accept() { accepted.withLock { $0 += 1 } }

    fileprivate func reply(to request: Request) -> Reply {
        let number = received.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return reply(number, request)
    }
}

private final class ReplyingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: ScriptedServer
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(server: ScriptedServer) {
        self.server = server
    }

    func channelActive(context: ChannelHandlerContext) { server.accept() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part):
            body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            let request = ScriptedServer.Request(
                method: head.method, target: head.uri, headers: head.headers, body: String(buffer: body))
            switch server.reply(to: request) {
            case .hangUp:
                context.close(promise: nil)
            case .silence:
                break
            case .answer(let status, let headers, let text):
                var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status))
                head.headers = HTTPHeaders(headers)
                if status != 204 { head.headers.add(name: "Content-Length", value: String(text.utf8.count)) }
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
