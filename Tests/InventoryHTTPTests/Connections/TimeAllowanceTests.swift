import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("TimeAllowance")
struct TimeAllowanceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000)
    private var allowance: TimeAllowance

    init() {
        allowance = TimeAllowance(.seconds(10), bytesPerSecond: 1_000, now: start)
    }

    @Test("it lasts as long as it was set to, and no longer")
    func lasts() {
        #expect(!allowance.isExhausted(start + .milliseconds(9_999)))
        #expect(allowance.isExhausted(start + .seconds(10)))
    }

    @Test("a client that keeps the minimum rate is waited for, for hours")
    mutating func pace() {
        for second in 1...10_000 {
            let now = start + .seconds(Int64(second))
            allowance.replenish(bytes: 1_000, now: now)
            let isExhausted = allowance.isExhausted(now + .milliseconds(9_999))
            #expect(!isExhausted)
        }
    }

    @Test("one that is a little slower is not")
    mutating func slower() {
        var seconds = 0
        while !allowance.isExhausted(start + .seconds(Int64(seconds))) {
            seconds += 1
            allowance.replenish(bytes: 900, now: start + .seconds(Int64(seconds)))
        }
        // A tenth of each second is lost.
        #expect((99...101).contains(seconds))
    }

    @Test("what came fast does not make up for stopping", arguments: [1_000_000, Int.max])
    mutating func stop(bytes: Int) {
        allowance.replenish(bytes: bytes, now: start + .seconds(5))
        #expect(!allowance.isExhausted(start + .milliseconds(14_999)))
        #expect(allowance.isExhausted(start + .seconds(15)))
    }
}
