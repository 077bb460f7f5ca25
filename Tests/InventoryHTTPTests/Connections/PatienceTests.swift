import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("ClientPatience")
struct PatienceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000)
    private var patience: ClientPatience

    init() {
        patience = ClientPatience(.seconds(10), bytesPerSecond: 1_000, now: start)
    }

    @Test("it lasts as long as it was set to, and no longer")
    func lasts() {
        #expect(!patience.isOver(start + .milliseconds(9_999)))
        #expect(patience.isOver(start + .seconds(10)))
    }

    @Test("whoever keeps the pace is waited for, for hours")
    mutating func pace() {
        for second in 1...10_000 {
            let now = start + .seconds(Int64(second))
            patience.replenish(bytes: 1_000, now: now)
            let isOver = patience.isOver(now + .milliseconds(9_999))
            #expect(!isOver)
        }
    }

    @Test("who is a little slower is not")
    mutating func slower() {
        var seconds = 0
        while !patience.isOver(start + .seconds(Int64(seconds))) {
            seconds += 1
            patience.replenish(bytes: 900, now: start + .seconds(Int64(seconds)))
        }
        // A tenth of each second is lost.
        #expect((99...101).contains(seconds))
    }

    @Test("what came fast does not make up for stopping", arguments: [1_000_000, Int.max])
    mutating func stop(bytes: Int) {
        patience.replenish(bytes: bytes, now: start + .seconds(5))
        #expect(!patience.isOver(start + .milliseconds(14_999)))
        #expect(patience.isOver(start + .seconds(15)))
    }
}
