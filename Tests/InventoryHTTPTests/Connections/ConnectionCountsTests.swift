import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("Counts of connections")
struct ConnectionCountsTests {
    private let counts: ConnectionCounts

    init() {
        var limits = ConnectionLimits()
        limits.total = 5
        limits.perAddress = 2
        counts = ConnectionCounts(limits)
    }

    private func enter(_ address: String) throws -> Bool {
        counts.enter(from: try SocketAddress(ipAddress: address, port: 1))
    }

    private func leave(_ address: String) throws {
        counts.leave(from: try SocketAddress(ipAddress: address, port: 2))
    }

    @Test(
        "one client has only so many, and may have another when one has left",
        arguments: [
            ["10.0.0.1", "10.0.0.1", "10.0.0.1"],
            // One /64.
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"],
            // The same client, through sockets of both kinds.
            ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"],
        ])
    func perAddress(addresses: [String]) throws {
        #expect(try enter(addresses[0]))
        #expect(try enter(addresses[1]))
        #expect(try !enter(addresses[2]))
        try leave(addresses[0])
        #expect(try enter(addresses[2]))
        #expect(try !enter(addresses[0]))
    }

    @Test(
        "others are counted by themselves",
        arguments: [
            ("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10.0.1.1"), ("2001:db8::1", "2001:db8:0:1::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2"), ("::1", "::ffff:0.0.0.1"),
        ])
    func others(one: String, other: String) throws {
        #expect(try enter(one))
        #expect(try enter(one))
        #expect(try enter(other))
    }

    @Test("all have only so many together, and those that were refused do not count")
    func total() throws {
        for address in 1...5 { #expect(try enter("10.0.0.\(address)")) }
        for address in 1...9 { #expect(try !enter("10.0.0.\(address)")) }
        try leave("10.0.0.3")
        #expect(try enter("10.0.0.9"))
        #expect(try !enter("10.0.0.3"))
    }

    @Test("a connection without an address counts too")
    func noAddress() throws {
        for _ in 1...5 { #expect(counts.enter(from: nil)) }
        #expect(!counts.enter(from: nil))
        counts.leave(from: nil)
        #expect(try enter("10.0.0.1"))
    }
}
