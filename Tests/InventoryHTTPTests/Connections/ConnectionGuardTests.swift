import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Testing

@testable import InventoryHTTP

/// The guard and the meter in a pipeline with the HTTP codec, where time passes as told.
@Suite("Guard of a connection")
struct ConnectionGuardTests {
    private let channel = EmbeddedChannel()
    private let loop: EmbeddedEventLoop
    private var limits = HTTPLimits()

    init() {
        loop = channel.embeddedEventLoop
    }

    /// - Parameter isEncrypted: Whether a close waits for the other side's, as it does with TLS.
    private func open(isEncrypted: Bool = false) throws {
        let pipeline = channel.pipeline.syncOperations
        if isEncrypted { try pipeline.addHandler(LateClosing()) }
        let watch = ConnectionWatch(loop, limits.connections)
        try pipeline.addHandler(HalfClosing())
        try pipeline.addHandler(
            ConnectionMeter(ConnectionPace(limits.connections, isEncrypted: false), watch, MemoryBudget(bytes: 1 << 20))
        )
        try pipeline.addHandler(ResponseOutlet())
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try pipeline.addHandler(
            ConnectionGuard(limits: limits, securityHeaders: SecurityHeaders.fields(isEncrypted: false)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.pipeline.read()
    }

    private func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.pipeline.read()
    }

    private func answer() throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .noContent)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    /// What has been sent since this was last asked.
    private func heard() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let bytes) = part { text += String(buffer: bytes) }
        }
        return text
    }

    private func parts() throws -> [HTTPRequestPart] {
        var parts: [HTTPRequestPart] = []
        while let part = try channel.readInbound(as: HTTPRequestPart.self) { parts.append(part) }
        return parts
    }

    private let request = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("a head that comes byte by byte is answered 408, and the connection ends")
    func head() throws {
        try open()
        var seconds = 0
        var heard = ""
        for byte in "GET /livez HTTP/1.1\r\nHost: a-very-long-name-indeed" where heard.isEmpty {
            try send(String(byte))
            loop.advanceTime(by: .seconds(1))
            seconds += 1
            heard = try self.heard()
        }
        #expect((10...11).contains(seconds))
        #expect(heard.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(heard.contains("Connection: close\r\n"))
        #expect(heard.contains("X-Content-Type-Options: nosniff\r\n"))
        #expect(heard.contains(#""code":"request-timeout""#))
        #expect(try parts().isEmpty)
        // It has two seconds to hang up.
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test("a connection that says nothing is closed without a word")
    func nothing() throws {
        try open()
        loop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
        #expect(try heard().isEmpty)
    }

    @Test("a body that comes byte by byte fails for its reader, who may still answer")
    func body() throws {
        try open()
        try send("POST /stores HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        // What fails for the reader of the parts ends here as an error of the channel.
        let error = #expect(throws: SlowRequest.self) {
            for _ in 1...12 {
                try send("x")
                loop.advanceTime(by: .seconds(1))
            }
        }
        #expect(error == .body)
        let bytes = try parts().count(where: { if case .body = $0 { true } else { false } })
        #expect((9...11).contains(bytes))
        // Nothing of the rest is read.
        try send(String(repeating: "x", count: 89) + request)
        #expect(try parts().isEmpty)
        try answer()
        #expect(try heard().hasPrefix("HTTP/1.1 204 "))
    }

    @Test("a connection that goes on and on with requests lives on, and leaves no timer behind")
    func keepAlive() throws {
        try open()
        for _ in 1...100 {
            try send(request)
            loop.advanceTime(by: .seconds(15))
            try answer()
            loop.advanceTime(by: .seconds(45))
        }
        #expect(channel.isActive)
        #expect(try heard().ranges(of: "HTTP/1.1 204").count == 100)
        loop.advanceTime(by: .seconds(16))
        #expect(!channel.isActive)
    }

    @Test("the watch goes with its last connection")
    func watch() throws {
        weak var watch: ConnectionWatch?
        do {
            let made = ConnectionWatch(loop, limits.connections)
            watch = made
            try channel.pipeline.syncOperations.addHandler(
                ConnectionMeter(
                    ConnectionPace(limits.connections, isEncrypted: false), made, MemoryBudget(bytes: 1 << 20)))
        }
        loop.advanceTime(by: .seconds(1))
        #expect(watch != nil)
        _ = try channel.finish()
        loop.advanceTime(by: .seconds(1))
        #expect(watch == nil)
    }

    @Test("pipelined requests are answered before a head that does not end is refused")
    func pipelining() throws {
        try open()
        try send(request + request + "GET /li")
        loop.advanceTime(by: .seconds(30))
        try answer()
        loop.advanceTime(by: .seconds(30))
        try answer()
        #expect(try heard().ranges(of: "HTTP/1.1 204").count == 2)
        try send("vez")
        loop.advanceTime(by: .seconds(11))
        #expect(try heard().hasPrefix("HTTP/1.1 408 "))
    }

    @Test("the last request that a connection may send is answered so, and what follows is not heard")
    mutating func requests() throws {
        limits.connections.requests = 3
        try open()
        for _ in 1...2 {
            try send(request)
            try answer()
            #expect(try !heard().contains("Connection: close"))
        }
        _ = try parts()
        try send(request + request + "no HTTP at all\r\n\r\n")
        #expect(try parts().count == 2)
        try answer()
        #expect(try heard().contains("Connection: close\r\n"))
        try send(request)
        #expect(try parts().isEmpty)
        loop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    private func stopServer() throws {
        try channel.pipeline.syncOperations.handler(type: ConnectionMeter.self).watch.drain()
    }

    @Test("what comes over TLS while an idle connection is being closed is not read")
    func late() throws {
        try open(isEncrypted: true)
        try stopServer()
        loop.advanceTime(by: .seconds(2))
        try send(request)
        #expect(try parts().isEmpty)
    }

    @Test("what comes over TLS after the connection was idle for too long is not read")
    func lateAfterIdling() throws {
        try open(isEncrypted: true)
        try send(request)
        #expect(try parts().count == 2)
        try answer()
        loop.advanceTime(by: .seconds(Int64(limits.connections.idle / .seconds(1)) + 1))
        try send(request)
        #expect(try parts().isEmpty)
    }

    @Test("when the server stops, what has come is answered, the last of it says so, and nothing more is heard")
    func stopping() throws {
        try open()
        try send(request + request)
        try stopServer()
        try send(request)
        #expect(try parts().count == 4)
        try answer()
        #expect(try !heard().contains("Connection: close"))
        try stopServer()
        try answer()
        #expect(try heard().contains("Connection: close\r\n"))
        loop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test("when the server stops, an answer that is on its way and a body that is still coming come to their ends")
    func stoppingHalfway() throws {
        try open()
        try send(request)
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try stopServer()
        try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: "end")))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        #expect(try heard().contains("end"))
        loop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test("when the server stops, a request whose body is still coming is heard to its end")
    func stoppingInBody() throws {
        try open()
        try send("POST /stores HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
        try stopServer()
        try send("dy" + request)
        let heard = try parts()
        #expect(heard.count == 4)
        #expect(heard.last == .end(nil))
        try answer()
        #expect(try self.heard().contains("Connection: close\r\n"))
    }

    @Test(
        "when the server stops, a connection without a request is closed a moment after its last use",
        arguments: [0, 1])
    func stoppingIdle(answered: Int) throws {
        try open()
        for _ in 0..<answered {
            try send(request)
            try answer()
        }
        try stopServer()
        loop.advanceTime(by: .milliseconds(900))
        #expect(channel.isActive)
        loop.advanceTime(by: .milliseconds(1_200))
        #expect(!channel.isActive)
    }

    @Test("when the server stops, a connection that has been idle for long is closed at the next check")
    func stoppingUnused() throws {
        try open()
        try send(request)
        try answer()
        loop.advanceTime(by: .seconds(30))
        try stopServer()
        loop.advanceTime(by: .milliseconds(600))
        #expect(!channel.isActive)
    }

    @Test("when the server stops, a request that was already on its way gets the last answer", arguments: [0, 1])
    func stoppingBeforeRequest(answered: Int) throws {
        try open()
        for _ in 0..<answered {
            try send(request)
            try answer()
        }
        try stopServer()
        loop.advanceTime(by: .milliseconds(900))
        _ = try (parts(), heard())
        try send(request + request)
        #expect(try parts().count == 2)
        loop.advanceTime(by: .seconds(5))
        try answer()
        #expect(try heard().contains("Connection: close\r\n"))
        loop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test("when the server stops, a head that is still coming has its time")
    func stoppingInHead() throws {
        try open()
        try send("GET /livez HTTP/1.1\r\n")
        try stopServer()
        loop.advanceTime(by: .seconds(5))
        try send("Host: a\r\n\r\n")
        #expect(try parts().count == 2)
        try answer()
        #expect(try heard().contains("Connection: close\r\n"))
    }

    @Test("every answer says to browsers what it is, and tells nobody what made it")
    func headers() throws {
        try open()
        try send(request)
        try answer()
        let heard = try heard()
        #expect(heard.contains("X-Content-Type-Options: nosniff\r\n"))
        #expect(heard.contains("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"))
        #expect(!heard.contains("Strict-Transport-Security"))
        #expect(!heard.lowercased().contains("\r\nserver:"))
    }
}

/// Keeps the channel open when its output is closed, as sockets do and embedded channels do not.
private final class HalfClosing: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            promise?.succeed()
        } else {
            context.close(mode: mode, promise: promise)
        }
    }
}

/// Closes only when the other side has closed too, and receives until then: as TLS does.
private final class LateClosing: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {}
}
