import NIOCore
import Testing

@testable import Redis

@Suite("pending replies")
struct PendingRepliesTests {
    private let start = NIODeadline.now()

    private func pending(inFlight: Int = 4, waiting: Int = 4) -> PendingReplies<String> {
        PendingReplies(maximumInFlight: inFlight, maximumWaiting: waiting, silenceTimeout: .seconds(2))
    }

    private func later(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

    @Test("come back to who asked, first in, first out")
    func order() {
        var pending = pending()
        for name in ["a", "b"] { #expect(pending.enqueue(name, commands: 1, deadline: later(50)) == nil) }
        #expect(pending.sendAll(at: start) == ["a", "b"])
        #expect(pending.receive(.integer(1), at: start).isComplete("a", .one(.integer(1))))
        #expect(pending.receive(.null, at: start).isComplete("b", .one(.null)))
        #expect(pending.receive(.null, at: start).isUnexpected)
    }

    @Test("of a pipeline are kept together until the last one")
    func pipeline() {
        var pending = pending()
        _ = pending.enqueue("a", commands: 3, deadline: later(50))
        _ = pending.enqueue("b", commands: 1, deadline: later(50))
        #expect(pending.sendAll(at: start) == ["a", "b"])
        #expect(pending.receive(.integer(1), at: start).isNone)
        #expect(pending.receive(.error("ERR"), at: start).isNone)
        #expect(
            pending.receive(.integer(3), at: start).isComplete("a", .many([.integer(1), .error("ERR"), .integer(3)])))
        #expect(pending.receive(.integer(4), at: start).isComplete("b", .one(.integer(4))))
        #expect(pending.inFlightCount == 0)
    }

    @Test("are limited: what is too much waits, and what is more is refused")
    func limits() {
        var pending = pending(inFlight: 2, waiting: 1)
        for name in ["a", "b", "c"] { #expect(pending.enqueue(name, commands: 1, deadline: later(50)) == nil) }
        #expect(pending.enqueue("d", commands: 1, deadline: later(50))?.kind == .overloaded)
        #expect(pending.sendAll(at: start) == ["a", "b"])
        #expect(pending.enqueue("d", commands: 1, deadline: later(50))?.kind == .overloaded)
        #expect(pending.receive(.null, at: start).isComplete("a", .one(.null)))
        #expect(pending.sendAll(at: start) == ["c"])
        #expect(pending.enqueue("d", commands: 1, deadline: later(50)) == nil)
        #expect(pending.enqueue("e", commands: 3, deadline: later(50))?.kind == .overloaded)
    }

    @Test("nobody overtakes a pipeline that waits for room")
    func noOvertaking() {
        var pending = pending(inFlight: 2)
        _ = pending.enqueue("a", commands: 1, deadline: later(50))
        _ = pending.enqueue("b", commands: 2, deadline: later(50))
        _ = pending.enqueue("c", commands: 1, deadline: later(50))
        #expect(pending.sendAll(at: start) == ["a"])
        _ = pending.receive(.null, at: start)
        #expect(pending.sendAll(at: start) == ["b"])
    }

    @Test("that come too late are counted off and dropped")
    func late() {
        var pending = pending()
        _ = pending.enqueue("a", commands: 2, deadline: later(50))
        _ = pending.enqueue("b", commands: 1, deadline: later(60))
        #expect(pending.sendAll(at: start) == ["a", "b"])
        #expect(pending.receive(.integer(1), at: start).isNone)
        #expect(pending.expire(at: later(49)).requests.isEmpty)
        let expiry = pending.expire(at: later(50))
        #expect(expiry.requests == ["a"])
        #expect(expiry.next == later(60))
        #expect(pending.expire(at: later(50)).requests.isEmpty)
        #expect(pending.inFlightCount == 2)
        #expect(pending.receive(.integer(2), at: later(51)).isNone)
        #expect(pending.receive(.integer(3), at: later(51)).isComplete("b", .one(.integer(3))))
        #expect(pending.expire(at: later(70)).next == nil)
    }

    @Test("a request that expired or was given up while it waited is not sent")
    func neverSent() {
        var pending = pending(inFlight: 1)
        for (name, deadline) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] as [(String, Int64)] {
            _ = pending.enqueue(name, commands: 1, deadline: later(deadline))
        }
        #expect(pending.sendAll(at: start) == ["a"])
        #expect(pending.expire(at: later(20)).requests == ["b", "a"])
        #expect(pending.waitingCount == 2)
        _ = pending.receive(.null, at: later(21))
        #expect(pending.dequeue(at: later(21)) { $0 != "c" } == "d")
        #expect(pending.waitingCount == 0)
    }

    @Test("that do not come at all are noticed, counted from the last reply or the first command")
    func silence() {
        var pending = pending()
        #expect(!pending.expire(at: later(5000)).isSilent)
        _ = pending.enqueue("a", commands: 1, deadline: later(5050))
        _ = pending.enqueue("b", commands: 1, deadline: later(5050))
        _ = pending.sendAll(at: later(5000))
        #expect(pending.expire(at: later(5050)).next == later(7000))
        #expect(!pending.expire(at: later(6999)).isSilent)
        _ = pending.receive(.null, at: later(6999))
        #expect(!pending.expire(at: later(7000)).isSilent)
        #expect(pending.expire(at: later(8999)).isSilent)
    }

    @Test("a lost connection returns each request once")
    func lost() {
        var pending = pending(inFlight: 2)
        for name in ["a", "b", "c"] { _ = pending.enqueue(name, commands: 1, deadline: later(50)) }
        _ = pending.sendAll(at: start)
        _ = pending.receive(.null, at: start)
        #expect(pending.removeAll() == ["b", "c"])
        #expect(pending.removeAll() == [])
        #expect(pending.inFlightCount + pending.waitingCount == 0)
    }
}

extension PendingReplies where Request == String {
    fileprivate mutating func sendAll(at now: NIODeadline) -> [String] {
        var sent: [String] = []
        while let request = dequeue(at: now, where: { _ in true }) { sent.append(request) }
        return sent
    }
}

extension PendingReplies.Delivery where Request == String {
    fileprivate var isNone: Bool { if case .none = self { true } else { false } }
    fileprivate var isUnexpected: Bool { if case .unexpected = self { true } else { false } }

    fileprivate func isComplete(_ name: String, _ replies: RedisReplies) -> Bool {
        if case .complete(let request, let received) = self { request == name && received == replies } else { false }
    }
}
