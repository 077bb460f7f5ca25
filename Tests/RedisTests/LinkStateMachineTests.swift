import NIOCore
import Testing

@testable import Redis

@Suite("link")
struct LinkStateMachineTests {
    private let start = NIODeadline.now()
    private let failure = RedisError(.connection, "connection refused")

    @Test("lets commands wait for the first attempt only, and says why later ones fail")
    func admission() {
        var link = LinkStateMachine()
        #expect(link.admission == .wait)
        #expect(link.lost(failure, at: start) != .none)
        #expect(link.admission == .refuse(failure))
        #expect(link.reconnect() == true)
        #expect(link.admission == .refuse(failure))
        #expect(link.connected(to: "r1", at: start) == true)
        #expect(link.admission == .send)
        #expect(link.identity == "r1")
    }

    @Test("reports a loss once, and reconnects once")
    func once() {
        var link = LinkStateMachine()
        _ = link.connected(to: "r1", at: start)
        #expect(link.lost(failure, at: start) != .none)
        #expect(link.identity == nil)
        #expect(link.lost(failure, at: start) == .none)
        #expect(link.reconnect() == true)
        #expect(link.reconnect() == false)
    }

    @Test("stays closed")
    func closed() {
        var link = LinkStateMachine()
        link.close()
        #expect(link.admission == .refuse(.closed))
        #expect(link.connected(to: "r1", at: start) == false)
        #expect(link.lost(failure, at: start) == .none)
        #expect(link.reconnect() == false)
    }

    @Test("comes back later after each failure, up to a limit, and soon after a connection that lasted")
    func backoff() {
        var link = LinkStateMachine()
        /// Half of the wait at least: the other half is left to chance.
        func expectReconnect(after wait: Int64, lostAt time: NIODeadline) {
            guard case .reconnect(let delay) = link.lost(failure, at: time) else {
                Issue.record("it does not reconnect")
                return
            }
            #expect((.milliseconds(wait / 2) ... .milliseconds(wait)).contains(delay))
            _ = link.reconnect()
        }
        for wait in [50, 100, 200, 400, 800, 1600, 2000, 2000] as [Int64] {
            expectReconnect(after: wait, lostAt: start)
        }
        _ = link.connected(to: "r1", at: start)
        expectReconnect(after: 2000, lostAt: start + .milliseconds(999))
        _ = link.connected(to: "r1", at: start)
        expectReconnect(after: 50, lostAt: start + .seconds(1))
    }
}

@Suite("handshake")
struct HandshakeTests {
    @Test(
        "says what the URL asks for",
        arguments: [
            ("redis://h", ["INFO"]),
            ("redis://:pw@h", ["AUTH pw", "INFO"]),
            ("redis://khata:pw@h/3", ["AUTH khata pw", "SELECT 3", "INFO"]),
            ("redis-sentinel://khata:pw@h/m/3", ["ROLE"]),
            ("redis-sentinel://h/m/3?sentinel_password=pw", ["AUTH pw", "ROLE"]),
        ])
    func commands(url: String, expected: [String]) throws {
        let isSentinel = url.hasPrefix("redis-sentinel")
        let handshake = try makeHandshake(url, to: isSentinel ? .sentinel(address) : .master(address, inCluster: false))
        #expect(
            handshake.commands.map { (["\($0.name)"] + $0.arguments.map(\.text)).joined(separator: " ") } == expected)
    }

    private let address = RedisAddress.host("h", port: 1)

    /// - Parameter destination: By default the master at the address.
    private func makeHandshake(_ url: String, to destination: Destination? = nil) throws -> Handshake {
        Handshake(try RedisConfiguration(url: url), to: destination ?? .master(address, inCluster: false))
    }

    private func information(role: String) -> RedisValue {
        .bytes(
            ByteBuffer(
                string: "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:\(role)\r\n"
                    + "master_replid:123\r\nmaster_replid2:456\r\n"))
    }

    @Test("ends with the server's process and the history of its data, or its refusal")
    func answers() throws {
        var handshake = try makeHandshake("redis://:pw@h")
        #expect(try handshake.receive(.status("OK")) == nil)
        #expect(try handshake.receive(information(role: "master")) == "abc.0/123")
        var refused = try makeHandshake("redis://:pw@h")
        let refusal = #expect(throws: RedisError.self) { try refused.receive(.error("WRONGPASS no")) }
        #expect(refusal?.serverCode == "WRONGPASS")
        var silent = try makeHandshake("redis://h")
        let violation = #expect(throws: RedisError.self) {
            try silent.receive(.bytes(ByteBuffer(string: "run_id:\r\n")))
        }
        #expect(violation?.kind == .protocolViolation)
    }

    @Test("a replica is refused: what it has is another one's")
    func replica() throws {
        var handshake = try makeHandshake("redis://h")
        let refusal = #expect(throws: RedisError.self) { try handshake.receive(information(role: "slave")) }
        #expect(refusal?.kind == .connection)
    }
}

extension RedisArgument {
    fileprivate var text: String {
        switch self {
        case .literal(let text): "\(text)"
        case .string(let text): text
        case .bytes(let bytes): String(buffer: bytes)
        case .integer(let value): "\(value)"
        }
    }
}
