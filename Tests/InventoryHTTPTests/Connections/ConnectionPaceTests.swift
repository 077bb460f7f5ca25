import NIOCore
import Testing

@testable import InventoryHTTP

/// Time passes in steps of half a second, after each of which the pace is checked.
@Suite("Pace of a connection")
struct ConnectionPaceTests {
    private var pace: ConnectionPace
    private var now = NIODeadline.uptimeNanoseconds(0)
    private var isReading = true
    private var bytesWaiting = 0

    init() {
        var limits = ConnectionLimits()
        limits.head = .seconds(3)
        limits.body = .seconds(4)
        limits.response = .seconds(5)
        limits.handshake = .seconds(6)
        limits.idle = .seconds(7)
        limits.bytesPerSecond = 1_000
        pace = ConnectionPace(limits, isEncrypted: false)
    }

    /// The verdict, if there is one within so many half seconds.
    private mutating func wait(_ steps: Int, _ during: (inout ConnectionPace) -> Void = { _ in }) -> ConnectionPace
        .Verdict?
    {
        for _ in 0...steps {
            if let verdict = pace.check(now: now, isReading: isReading, bytesWaiting: { bytesWaiting }) {
                return verdict
            }
            now = now + .milliseconds(500)
            during(&pace)
        }
        return nil
    }

    private mutating func request() {
        pace.bytesReceived()
        pace.headEnded()
        pace.requestEnded()
    }

    private mutating func answer() {
        pace.responseBegan()
        pace.bytesWritten(100)
        pace.responseEnded()
    }

    @Test("a connection that says nothing is closed")
    mutating func nothing() {
        #expect(wait(5) == nil)
        #expect(wait(1) == .close)
    }

    @Test("a head that comes byte by byte is refused")
    mutating func head() {
        pace.bytesReceived()
        #expect(wait(5) { $0.bytesReceived() } == nil)
        #expect(wait(1) { $0.bytesReceived() } == .refuseHead)
    }

    @Test("a head is given its time from its own first byte, not from the request's before")
    mutating func keepAlive() {
        for _ in 1...10 {
            request()
            answer()
            #expect(wait(3) == nil)
            pace.bytesReceived()
            #expect(wait(4) == nil)
        }
    }

    @Test("requests one after another are never too slow")
    mutating func fast() {
        let verdict = wait(1_000) { pace in
            pace.bytesReceived()
            pace.headEnded()
            pace.requestEnded()
            pace.responseBegan()
            pace.responseEnded()
            // The next one's head has begun whenever the pace is checked.
            pace.bytesReceived()
        }
        #expect(verdict == nil)
    }

    @Test("a connection between requests is closed when it has been idle")
    mutating func idle() {
        request()
        #expect(wait(100) == nil)
        answer()
        #expect(wait(13) == nil)
        #expect(wait(1) == .close)
    }

    @Test("a body that comes byte by byte is refused, one that keeps the pace is not")
    mutating func body() {
        pace.bytesReceived()
        pace.headEnded()
        #expect(wait(100) { $0.bodyReceived(500) } == nil)
        #expect(wait(7) { $0.bodyReceived(1) } == nil)
        #expect(wait(2) { $0.bodyReceived(1) } == .refuseBody)
    }

    @Test("a body that is answered already is not answered again")
    mutating func unreadBody() {
        pace.bytesReceived()
        pace.headEnded()
        answer()
        #expect(wait(7) == nil)
        #expect(wait(1) == .close)
    }

    @Test("the client is not blamed while the server does not read, or answers")
    mutating func busy() {
        pace.bytesReceived()
        pace.headEnded()
        isReading = false
        #expect(wait(100) == nil)
        isReading = true
        pace.responseBegan()
        #expect(wait(100) == nil)
    }

    @Test("what comes of later requests does not end earlier ones")
    mutating func pipelining() {
        request()
        pace.bytesReceived()
        #expect(wait(100) == nil)
        pace.headEnded()
        #expect(wait(100) == nil)
        answer()
        #expect(wait(7) == nil)
        #expect(wait(1) == .refuseBody)
    }

    @Test("a client that does not take an answer is cut off, however busy the server is with its next request")
    mutating func untaken() {
        request()
        answer()
        bytesWaiting = 100
        request()
        #expect(wait(9) == nil)
        #expect(wait(1) == .reset)
    }

    @Test("a client that takes a long answer at the pace is not")
    mutating func taking() {
        request()
        pace.responseBegan()
        pace.bytesWritten(100_000)
        for left in stride(from: 99_500, to: 0, by: -500) {
            bytesWaiting = left
            #expect(wait(0) == nil)
        }
        bytesWaiting = 1
        #expect(wait(9) == nil)
        #expect(wait(2) == .reset)
    }

    @Test("an answer that was taken does not count against the next")
    mutating func taken() {
        for _ in 1...10 {
            request()
            answer()
            bytesWaiting = 50
            #expect(wait(8) == nil)
            bytesWaiting = 0
            #expect(wait(0) == nil)
        }
    }

    @Test("a handshake has its own time, and the head has its own after it")
    mutating func handshake() {
        pace = ConnectionPace(limits(), isEncrypted: true)
        pace.bytesReceived()
        #expect(wait(11) == nil)
        pace.handshakeEnded()
        #expect(wait(5) == nil)
        #expect(wait(1) == .close)

        pace = ConnectionPace(limits(), isEncrypted: true)
        #expect(wait(11) { $0.bytesReceived() } == nil)
        #expect(wait(1) == .disconnect)
    }

    private func limits() -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.head = .seconds(3)
        limits.handshake = .seconds(6)
        return limits
    }

    @Test("after the last answer a client has two seconds to leave, once it has taken the answer")
    mutating func lastAnswer() {
        request()
        answer()
        pace.writingEnded()
        bytesWaiting = 50
        #expect(wait(8) == nil)
        bytesWaiting = 0
        #expect(wait(3) == nil)
        #expect(wait(2) == .disconnect)
    }
}
