import NIOCore
import Testing

@testable import Redis

@Suite("slot map")
struct SlotMapTests {
    @Test(
        "a key's slot is that of its tag, if it has one",
        arguments: [
            // CRC-16/XMODEM of this is 0x31C3 (the cluster's specification, appendix A).
            ("123456789", 0x31c3), ("foo", 12_182), ("", 0), ("{foo}bar", 12_182), ("a{foo}b{bar}", 12_182),
            ("{}foo", 9_500), ("foo{", 7_673), ("{{foo}}", 13_308), ("ü", 9_552),
        ])
    func slot(key: String, slot: Int) {
        #expect(SlotMap.slot(of: key) == slot)
    }

    private let asked = RedisAddress.host("seed", port: 7000)

    private func node(_ host: String?, _ port: Int64) -> RedisValue {
        .array([host.map { .bytes(ByteBuffer(string: $0)) } ?? .null, .integer(port), .bytes(ByteBuffer(string: "id"))])
    }

    private func range(_ first: Int64, _ last: Int64, _ nodes: RedisValue...) -> RedisValue {
        .array([.integer(first), .integer(last)] + nodes)
    }

    @Test("each slot has the first node of its range, and a slot without one is not served")
    func masters() throws {
        let map = try SlotMap(
            .array([
                range(0, 99, node("10.0.0.1", 7001), node("10.0.0.9", 7009)), range(200, 200, node("b", 7002)),
                range(16_000, 16_383, node("10.0.0.1", 7001)),
            ]), from: asked)
        #expect(map.masters == [.host("10.0.0.1", port: 7001), .host("b", port: 7002)])
        #expect(map.master(of: 0) == map.masters[0])
        #expect(map.master(of: 99) == map.masters[0])
        #expect(map.master(of: 100) == nil)
        #expect(map.master(of: 200) == map.masters[1])
        #expect(map.master(of: 16_383) == map.masters[0])
        #expect(map.unservedSlots == 16_384 - 100 - 1 - 384)
    }

    @Test("a node that does not say its host has that which was asked, and one whose name is unknown has none")
    func hosts() throws {
        let map = try SlotMap(
            .array([range(0, 0, node(nil, 7001)), range(1, 1, node("", 7002)), range(2, 2, node("?", 7003))]),
            from: asked)
        #expect(map.masters == [.host("seed", port: 7001), .host("seed", port: 7002)])
        #expect(map.master(of: 2) == nil)
    }

    @Test("a reply that contradicts itself, or names too much, is refused")
    func hostile() {
        let good = node("h", 1)
        let replies: [RedisValue] = [
            .null, .integer(1), .status("OK"), .error("ERR no"), .array([.integer(1)]), .array([.array([])]),
            .array([range(0, 1)]), .array([range(-1, 1, good)]), .array([range(0, 16_384, good)]),
            .array([range(2, 1, good)]), .array([range(0, .max, good)]), .array([range(.min, 0, good)]),
            .array([range(0, 9, good), range(9, 10, node("i", 1))]), .array([range(0, 9, good), range(9, 9, good)]),
            .array([range(0, 1, node("h", 0))]), .array([range(0, 1, node("h", 65_536))]),
            .array([range(0, 1, node("h", -1))]), .array([range(0, 1, node("h\r\nx", 1))]),
            .array([range(0, 1, node("/run/redis.sock", 1))]),
            .array([range(0, 1, node(String(repeating: "h", count: 254), 1))]), .array([range(0, 1, .array([]))]),
            .array([range(0, 1, .integer(1))]), .array([.array([.null, .integer(1), good])]),
            .array((0...Int64(SlotMap.maximumMasters)).map { range($0, $0, node("h", 1 + $0)) }),
        ]
        for reply in replies {
            #expect(throws: RedisError.self, "\(reply)") { try SlotMap(reply, from: asked) }
        }
    }

    @Test("so many masters may be named")
    func maximum() throws {
        let ranges = (0..<Int64(SlotMap.maximumMasters)).map { range($0, $0, node("h", 1 + $0)) }
        let map = try SlotMap(.array(ranges), from: asked)
        #expect(map.master(of: 127) == .host("h", port: 128))
    }
}

@Suite("view of a cluster")
struct ClusterViewTests {
    private let asked = RedisAddress.host("h", port: 1)

    private func view(isServing: Bool, epoch: Int64) throws -> ClusterView {
        ClusterView(isServing: isServing, epoch: epoch, slots: try SlotMap(.array([]), from: asked))
    }

    private func text(_ text: String) -> RedisValue { .bytes(ByteBuffer(string: text)) }

    @Test("the newest view counts, and rather that of a node that serves")
    func newest() throws {
        let views = [
            try view(isServing: true, epoch: 6), try view(isServing: false, epoch: 9),
            try view(isServing: true, epoch: 7),
        ]
        #expect(ClusterView.newest(of: views) == views[2])
        #expect(ClusterView.newest(of: [views[1]]) == views[1])
        #expect(ClusterView.newest(of: []) == nil)
    }

    @Test("is read from the replies of a node")
    func replies() throws {
        let replies = [text("cluster_state:ok\r\ncluster_current_epoch:12\r\ncluster_my_epoch:3\r\n"), .array([])]
        #expect(try ClusterView(replies, from: asked) == view(isServing: true, epoch: 12))
        let failed = [text("cluster_state:fail\r\ncluster_current_epoch:12\r\n"), .array([])]
        #expect(try ClusterView(failed, from: asked) == view(isServing: false, epoch: 12))
        for bad in [.error("ERR no"), .null, text("cluster_state:ok\r\n"), text("cluster_current_epoch:x\r\n")] {
            #expect(throws: RedisError.self) { try ClusterView([bad, .array([])], from: asked) }
        }
    }
}

@Suite("a sentinel's answer")
struct SentinelAnswerTests {
    private let old = RedisAddress.host("10.0.0.1", port: 1)
    private let new = RedisAddress.host("10.0.0.2", port: 1)

    private func list(_ texts: String...) -> RedisValue { .array(texts.map { .bytes(ByteBuffer(string: $0)) }) }

    @Test("the master after the latest failover counts, though more sentinels know the one before")
    func newest() {
        let answers = [
            SentinelAnswer(master: old, epoch: 1), SentinelAnswer(master: new, epoch: 2),
            SentinelAnswer(master: old, epoch: 1),
        ]
        #expect(SentinelAnswer.master(by: answers, current: old) == new)
        #expect(SentinelAnswer.master(by: [], current: old) == nil)
    }

    @Test("among answers of the same failover, the current master stays")
    func current() {
        let answers = [SentinelAnswer(master: old, epoch: 1), SentinelAnswer(master: new, epoch: 1)]
        #expect(SentinelAnswer.master(by: answers, current: new) == new)
        #expect(SentinelAnswer.master(by: answers, current: old) == old)
        #expect(SentinelAnswer.master(by: answers, current: nil) == old)
    }

    @Test("is an address, and the number of a failover if the user may know it")
    func replies() throws {
        let address = list("10.0.0.1", "1")
        let details = list("name", "shop", "config-epoch", "7", "quorum", "2")
        #expect(try SentinelAnswer([address, details], name: "shop") == SentinelAnswer(master: old, epoch: 7))
        for details in [.error("NOPERM no"), .null, list("config-epoch"), list("config-epoch", "x")] {
            #expect(try SentinelAnswer([address, details], name: "shop") == SentinelAnswer(master: old, epoch: 0))
        }
    }

    @Test("that is none is refused")
    func hostile() {
        let addresses = [
            .null, .error("NOAUTH no"), .integer(1), list(), list("h"), list("h", "0"), list("h", "x"), list("", "1"),
            list("h\n", "1"), list("h", "1", "2"),
        ]
        for address in addresses {
            #expect(throws: RedisError.self, "\(address)") { try SentinelAnswer([address, .null], name: "shop") }
        }
    }
}
