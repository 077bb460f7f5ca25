import Access
import Dispatch
import Inventory
import NIOCore
import NIOHTTP1
import NIOSSL
import RateLimiting
import ServerTesting
import Synchronization
import Testing

@testable import Webhooks

extension WebhookSender {
    /// Sends to this machine, over http too.
    static func toThisMachine(timeout: Duration = .seconds(60)) throws -> WebhookSender {
        let ranges = ["127.0.0.1", "::1"].compactMap { AddressRange(text: $0) }
        return WebhookSender(allowsPlainHTTP: true, addresses: AddressPolicy(allowing: ranges), timeout: timeout)
    }
}

@Suite("Sending an event")
struct SenderTests {
    private static let secrets = [WebhookSecret.generate(), WebhookSecret.generate()]
    private static let now = Timestamp("2026-11-22T12:00:00Z")!
    private static let webhook = WebhookRecord(
        id: "0123456789ab", url: "", scope: .all, types: nil, secrets: [], createdAt: now)
    private let message = WebhookMessage(testing: webhook, at: now)

    /// - Returns: What became of one message.
    private func send(to url: String, through sender: WebhookSender) async -> Result<Int, DeliveryFailure> {
        do {
            return .success(
                try await sender.withReceiver(url) { receiver in
                    try await receiver.send(message, signedBy: Self.secrets, at: Self.now)
                })
        } catch {
            return .failure(error as? DeliveryFailure ?? DeliveryFailure(sending: error, within: sender.timeout))
        }
    }

    private func failure(sendingTo url: String, through sender: WebhookSender) async -> DeliveryFailure? {
        guard case .failure(let failure) = await send(to: url, through: sender) else { return nil }
        return failure
    }

    @Test("has the headers of Standard Webhooks, and a signature by each secret")
    func headers() async throws {
        try await ScriptedServer.with { _, _ in
            .answer(204, "")
        } _: { server, url in
            let sent = await send(to: url + "/hook?a=b", through: try .toThisMachine())
            #expect(sent == .success(204))
            let request = try #require(server.requests.first)
            #expect(server.requests.count == 1 && request.method == .POST && request.target == "/hook?a=b")
            #expect(request.body == message.body)
            #expect(request.headers["webhook-id"] == [message.id] && !message.id.contains("."))
            #expect(request.headers["webhook-timestamp"] == ["1795348800"])
            #expect(
                request.headers["webhook-signature"] == [
                    Self.secrets.map { $0.signature(id: message.id, seconds: 1_795_348_800, body: message.body) }
                        .joined(separator: " ")
                ])
            #expect(request.headers["content-type"] == ["application/cloudevents+json; charset=utf-8"])
            #expect(request.headers["host"] == [String(url.dropFirst("http://".count))])
            #expect(request.headers["content-length"] == ["\(message.body.utf8.count)"])
        }
    }

    @Test(
        "succeeds with a status of 2xx only", arguments: [200, 201, 202, 299, 301, 302, 307, 400, 401, 404, 410, 500])
    func statuses(status: Int) async throws {
        try await ScriptedServer.with { _, _ in
            .answer(status, headers: [("Location", "http://127.0.0.1:1/"), ("Retry-After", "7")], "secret text")
        } _: { server, url in
            let result = await send(to: url, through: try .toThisMachine())
            if status < 300 {
                #expect(result == .success(status))
            } else {
                guard case .failure(let failure) = result else {
                    Issue.record("\(result)")
                    return
                }
                #expect(failure.status == status && failure.retryAfter == .seconds(7))
                #expect(failure.isGone == (status == 410))
                #expect(!failure.reason.contains("secret text"))
            }
            #expect(server.requests.count == 1, "redirects are not followed")
        }
    }

    @Test("a receiver that hangs, before it responds or within its head, has limited time")
    func hanging() async throws {
        for head in ["", "HTTP/1.1 200 OK\r\nX-Slow: "] {
            try await RawServer.with { channel in
                if !head.isEmpty {
                    channel.writeAndFlush(ByteBuffer(string: head)).whenSuccess { channel.repeatedly("a") }
                }
            } _: { server in
                let failure = await failure(
                    sendingTo: "http://127.0.0.1:\(server.port)/",
                    through: try .toThisMachine(timeout: .milliseconds(500)))
                #expect(failure?.reason.contains("did not respond") == true, "\(failure?.reason ?? "sent")")
                try await eventually("the connection is closed") { server.open == 0 }
            }
        }
    }

    @Test("what a receiver sends after its status is not waited for, and not read beyond a bound")
    func bodies() async throws {
        let long = String(repeating: "a", count: 64 << 10)
        for part in ["a", long] {
            try await RawServer.with { channel in
                channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"))
                    .whenSuccess { channel.repeatedly(part) }
            } _: { server in
                let sent = await send(to: "http://127.0.0.1:\(server.port)/", through: try .toThisMachine())
                #expect(sent == .success(200))
                try await eventually("the connection is closed") { server.open == 0 }
            }
        }
    }

    @Test("a head that does not end is an error")
    func longHead() async throws {
        let field = "X-Long: " + String(repeating: "a", count: 60 << 10) + "\r\n"
        try await RawServer.with { channel in
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n")).whenSuccess { channel.repeatedly(field) }
        } _: { server in
            let failure = await failure(
                sendingTo: "http://127.0.0.1:\(server.port)/", through: try .toThisMachine())
            #expect(failure != nil)
            try await eventually("the connection is closed") { server.open == 0 }
        }
    }

    @Test("a connection that ends without a response is a failure, and the request is not repeated")
    func reset() async throws {
        try await RawServer.with { channel in
            channel.close(promise: nil)
        } _: { server in
            let failure = await failure(
                sendingTo: "http://127.0.0.1:\(server.port)/", through: try .toThisMachine())
            #expect(failure != nil && failure?.status == nil)
            #expect(server.requests == 1)
        }
        let unreachable = await failure(sendingTo: "http://127.0.0.1:1/", through: try .toThisMachine())
        #expect(unreachable?.reason.contains("cannot be reached") == true)
    }

    @Test(
        "nothing is connected to that is not public, however its address is written",
        arguments: [
            "127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]",
        ])
    func privateAddresses(host: String) async throws {
        try await RawServer.with { channel in
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n"), promise: nil)
        } _: { server in
            let url = "http://\(host):\(server.port)/"
            let failure = await failure(sendingTo: url, through: WebhookSender(allowsPlainHTTP: true))
            #expect(failure?.reason.contains("public") == true, "\(failure?.reason ?? "sent")")
            #expect(server.requests == 0 && server.open == 0)
        }
    }

    @Test("a name is connected to at the address that was checked, under its own name")
    func names() async throws {
        try await ScriptedServer.with { _, _ in
            .answer(204, "")
        } _: { server, url in
            let port = url.split(separator: ":").last ?? ""
            let sent = await send(to: "http://localhost:\(port)/", through: try .toThisMachine())
            #expect(sent == .success(204))
            #expect(server.requests.first?.headers["host"] == ["localhost:\(port)"])
        }
        let unknown = await failure(sendingTo: "https://nowhere.invalid/", through: try .toThisMachine())
        #expect(unknown?.reason.contains("nowhere.invalid cannot be resolved") == true)
    }

    @Test("all addresses of a name are tried until one takes the connection, but for those that are not allowed")
    func severalAddresses() async throws {
        try await ScriptedServer.with { _, _ in
            .answer(204, "")
        } _: { server, url in
            let port = url.split(separator: ":").last ?? ""
            var sender = try WebhookSender.toThisMachine()
            // Nobody listens at ::1; 127.0.0.2 would reach the server.
            sender.resolver = HostResolver { _ in ["127.0.0.2", "::1", "127.0.0.1"] }
            #expect(await send(to: "http://shop.test:\(port)/", through: sender) == .success(204))
            #expect(server.requests.count == 1)
            sender.resolver = HostResolver { _ in ["::1"] }
            let refused = await failure(sendingTo: "http://shop.test:\(port)/", through: sender)
            #expect(refused?.reason.contains("cannot be reached") == true)
        }
    }

    @Test("the resolution of a name is part of the time that a receiver has")
    func slowResolution() async throws {
        let isOver = DispatchSemaphore(value: 0)
        let lookups = Atomic(0)
        defer { isOver.signal() }
        var sender = try WebhookSender.toThisMachine(timeout: .milliseconds(100))
        sender.resolver = HostResolver { _ in
            lookups.add(1, ordering: .relaxed)
            isOver.wait()
            return []
        }
        let failure = await failure(sendingTo: "https://shop.test/", through: sender)
        #expect(failure?.reason.contains("shop.test was not resolved within") == true)
        #expect(lookups.load(ordering: .relaxed) == 1)
    }

    @Test("an address is not looked up, however many lookups hang")
    func address() async throws {
        let isOver = DispatchSemaphore(value: 0)
        defer { isOver.signal() }
        try await ScriptedServer.with { _, _ in
            .answer(204, "")
        } _: { _, url in
            var sender = try WebhookSender.toThisMachine()
            sender.resolver = HostResolver { _ in
                isOver.wait()
                return []
            }
            #expect(await send(to: url, through: sender) == .success(204))
        }
    }

    @Test("names that hang hold up no other, and who wants the same one shares its lookup")
    func hangingLookups() async throws {
        let (isOver, lookups) = (DispatchSemaphore(value: 0), Lookups())
        defer { for _ in 0..<100 { isOver.signal() } }
        let resolver = HostResolver { host in
            lookups.count.add(1, ordering: .relaxed)
            if host != "shop.test" { isOver.wait() }
            return ["127.0.0.1"]
        }
        let hanging = (0..<200).map { number in Task { try await resolver.addresses(of: "hangs\(number % 100).test") } }
        try await eventually { lookups.count.load(ordering: .relaxed) == 100 }
        #expect(try await resolver.addresses(of: "shop.test") == ["127.0.0.1"])
        for task in hanging { task.cancel() }
        for task in hanging { await #expect(throws: CancellationError.self) { try await task.value } }
    }

    @Test("a receiver that closes connections that it kept open gets each message all the same")
    func closing() async throws {
        try await RawServer.with { channel in
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n"), promise: nil)
            channel.close(promise: nil)
        } _: { server in
            try await WebhookSender.toThisMachine().withReceiver("http://127.0.0.1:\(server.port)/") { receiver in
                for number in 1...20 {
                    let status = try await receiver.send(message, signedBy: Self.secrets, at: Self.now)
                    #expect(status == 204 && server.requests == number)
                }
            }
        }
    }

    @Test("a connection is kept for the next messages to the same URL, if all were taken, and so many of them")
    func idle() async throws {
        try await ScriptedServer.with { number, _ in
            .answer(number == 3 ? 503 : 204, "")
        } _: { server, url in
            let clients = IdleClients(limit: 1)
            var sender = try WebhookSender.toThisMachine()
            sender.idleClients = clients
            func connections(after path: String) async -> Int {
                _ = await send(to: url + path, through: sender)
                return server.connections
            }
            #expect(await connections(after: "/a") == 1)
            #expect(await connections(after: "/a") == 1)
            #expect(await connections(after: "/a") == 1)
            // This one is not taken.
            #expect(await connections(after: "/a") == 1)
            #expect(await connections(after: "/a") == 2)
            #expect(await connections(after: "/b") == 3)
            #expect(await connections(after: "/b") == 3)
            #expect(await connections(after: "/a") == 4)
            await clients.close()
            #expect(await connections(after: "/a") == 5)
            #expect(await connections(after: "/a") == 6)
            #expect(server.requests.count == 10)
        }
    }

    @Test("a connection to an address that the name has no more is not used")
    func movedName() async throws {
        try await ScriptedServer.with { _, _ in
            .answer(204, "")
        } _: { server, url in
            let clients = IdleClients()
            var sender = try WebhookSender.toThisMachine()
            sender.idleClients = clients
            let named = url.replacing("127.0.0.1", with: "receiver.test")
            sender.resolver = HostResolver { _ in ["127.0.0.1"] }
            #expect(await send(to: named, through: sender) == .success(204))
            sender.resolver = HostResolver { _ in ["10.0.0.1"] }
            #expect(await failure(sendingTo: named, through: sender)?.reason.contains("has no address") == true)
            sender.resolver = HostResolver { _ in ["127.0.0.1"] }
            #expect(await send(to: named, through: sender) == .success(204))
            #expect(server.connections == 1 && server.requests.count == 2)
            await clients.close()
        }
    }

    @Test("TLS proves the receiver's name")
    func tls() async throws {
        let tls = try TestTLS()
        try await RawServer.with(tls: tls.server) { channel in
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n"), promise: nil)
        } _: { server in
            var sender = try WebhookSender.toThisMachine()
            let untrusted = await failure(sendingTo: "https://localhost:\(server.port)/", through: sender)
            #expect(untrusted?.reason == "no TLS with the receiver: certificate verify failed")
            #expect(server.requests == 0)
            sender.trustRoots = tls.roots
            #expect(await send(to: "https://localhost:\(server.port)/", through: sender) == .success(204))
            #expect(server.requests == 1)
            let otherName = await failure(sendingTo: "https://127.0.0.1:\(server.port)/", through: sender)
            #expect(otherName?.reason.contains("TLS") == true, "\(otherName?.reason ?? "sent")")
            #expect(server.requests == 1)
        }
    }
}

private final class Lookups: Sendable {
    let count = Atomic(0)
}
