import LedgerTesting
import NIOCore
import NIOPosix
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Crowds", .timeLimit(.minutes(2)))
    struct Crowds {
        @Test("beyond the most connections, more are closed at once, until others have left", arguments: [true, false])
        func connections(perAddress: Bool) async throws {
            var limits = HTTPLimits()
            if perAddress { limits.connections.perAddress = 3 } else { limits.connections.total = 3 }
            try await LiveServer.with(limits: limits) { server in
                // Of the three, none is the test's own client's, which keeps connections.
                let request = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                var open: [OpenConnection] = []
                for _ in 1...3 { open.append(try await OpenConnection(port: server.port)) }
                for _ in 1...5 {
                    let heard = try await exchange(port: server.port, [])
                    #expect(heard.isEmpty)
                }
                // The operator's port is counted by itself.
                #expect(try await exchange(port: server.opsPort, [request]).hasPrefix("HTTP/1.1 200 "))

                try await open[1].close()
                try await eventually {
                    try await exchange(port: server.port, [request]).hasPrefix("HTTP/1.1 200 ")
                }
                for connection in [open[0], open[2]] { try await connection.close() }
                for _ in 1...20 {
                    try await eventually {
                        try await exchange(port: server.port, [request]).hasPrefix("HTTP/1.1 200 ")
                    }
                }
            }
        }

        @Test("after so many requests, a connection ends with an answer that says so")
        func requests() async throws {
            var limits = HTTPLimits()
            limits.connections.requests = 5
            try await LiveServer.with(limits: limits) { server in
                let request = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                let answer = try await exchange(port: server.port, [String(repeating: request, count: 20)])
                #expect(answer.ranges(of: "HTTP/1.1 200 ").count == 5)
                #expect(answer.ranges(of: "Connection: close\r\n").count == 1)
                // A client that goes by what answers say notices nothing.
                for _ in 1...20 { #expect(try await server.get("/livez").status == 200) }
            }
        }
    }
}

/// A connection that stays open, and has been served.
private struct OpenConnection {
    private let channel: any Channel

    init(port: Int) async throws {
        let firstByte = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FirstByte(promise: firstByte))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(string: "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"), promise: nil)
        try await firstByte.futureResult.get()
    }

    func close() async throws {
        try await channel.close()
    }
}

private final class FirstByte: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>

    init(promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        promise.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
    }
}
