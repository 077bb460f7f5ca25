import Access
import Inventory
import InventoryTesting
import Testing

@testable import Webhooks

@Suite("What is sent to a webhook when")
struct DeliveryQueueTests {
    private static let start = Timestamp(microseconds: 1_000_000_000_000_000)
    private static let three = StoreID(rawValue: 3)

    private func cursor(_ store: StoreID, _ position: Int64) -> SubscriptionCursor {
        SubscriptionCursor(storeID: store, position: Position(rawValue: position), hash: .origin)
    }

    private func ends(_ ends: [StoreID: Int64]) -> [StoreID: Position] {
        ends.mapValues(Position.init(rawValue:))
    }

    private func queue(_ positions: [StoreID: Int64], states: [DeliveryState] = [], maximumRuns: Int = 8)
        -> DeliveryQueue
    {
        var queue = DeliveryQueue(cursors: [], states: states, maximumRuns: maximumRuns, schedule: DeliverySchedule())
        queue.advanceEnds(to: ends(positions))
        return queue
    }

    private func failed(_ retryAfter: Duration? = nil) -> DeliveryQueue.End {
        .failed(DeliveryFailure("no", status: 500, retryAfter: retryAfter))
    }

    @Test("a store's events follow each other, and those of others do not wait for them")
    func order() {
        var queue = queue([.one: 2, .two: 1])
        #expect(queue.start(at: Self.start) == [cursor(.one, 0), cursor(.two, 0)])
        #expect(queue.start(at: Self.start).isEmpty, "both are being sent")
        #expect(queue.advance(to: cursor(.one, 1)) == true)
        #expect(queue.finish(.two, failed(), at: Self.start, chance: 0)?.attempts == 1)
        #expect(queue.finish(.one, .stopped, at: Self.start, chance: 0) == nil)
        #expect(queue.start(at: Self.start) == [cursor(.one, 1)], "store 2 waits")
        #expect(queue.advance(to: cursor(.one, 2)) == true)
        _ = queue.finish(.one, .stopped, at: Self.start, chance: 0)
        #expect(queue.start(at: Self.start + .seconds(4)).isEmpty && queue.isIdle)
        #expect(queue.start(at: Self.start + .seconds(5)) == [cursor(.two, 0)])
        #expect(queue.advance(to: cursor(.two, 1)) == true)
        let changes = queue.takeChanges()
        #expect(Set(changes.cursors) == [cursor(.one, 2), cursor(.two, 1)])
        #expect(changes.states == [DeliveryState(storeID: .two)], "its failures are forgotten")
        #expect(queue.takeChanges().isEmpty)
        queue.putBack(changes)
        #expect(Set(queue.takeChanges().cursors) == Set(changes.cursors))
    }

    @Test("attempts go on for three days, and then the store waits for a replay")
    func schedule() {
        var queue = queue([.one: 1])
        var now = Self.start
        let hours: [Double] = [5 / 3_600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]
        for (index, wait) in hours.enumerated() {
            #expect(queue.start(at: now) == [cursor(.one, 0)])
            let state = queue.finish(.one, failed(), at: now, chance: 0)
            #expect(state?.attempts == index + 1 && state?.lastFailure == "no" && state?.parkedAt == nil)
            let next = now + .seconds(wait * 3_600)
            #expect(state?.nextAttemptAt == next)
            #expect(queue.start(at: Timestamp(microseconds: next.microseconds - 1)).isEmpty)
            now = next
        }
        #expect(now >= Self.start + .seconds(72 * 3_600))
        #expect(queue.start(at: now) == [cursor(.one, 0)])
        let parked = queue.finish(.one, failed(), at: now, chance: 0)
        #expect(parked?.parkedAt == now && parked?.nextAttemptAt == nil && parked?.attempts == 10)
        queue.advanceEnds(to: ends([.one: 9]))
        #expect(queue.start(at: now + .seconds(1_000_000)).isEmpty)

        // Another process goes on as this one did.
        let states = queue.takeChanges().states
        #expect(states == [parked])
        var other = self.queue([.one: 9], states: states)
        #expect(other.start(at: now + .seconds(1_000_000)).isEmpty)
        other.replay(after: cursor(.one, 0))
        #expect(other.start(at: now) == [cursor(.one, 0)])
        #expect(other.takeChanges().states == [DeliveryState(storeID: .one, replayAfter: .zero)])
    }

    @Test("Retry-After postpones an attempt, for a day at most, and never hastens one")
    func retryAfter() {
        let schedule = DeliverySchedule()
        #expect(schedule.delay(after: 1, retryAfter: .seconds(60), chance: 0) == .seconds(60))
        #expect(schedule.delay(after: 2, retryAfter: .seconds(60), chance: 0) == .seconds(300))
        #expect(schedule.delay(after: 1, retryAfter: .seconds(999_999), chance: 0) == .seconds(86_400))
        #expect(schedule.delay(after: 1, retryAfter: .seconds(80_000), chance: 1) == .seconds(86_400))
        #expect(schedule.delay(after: 1, retryAfter: nil, chance: 1) == .seconds(6))
        #expect(schedule.delay(after: 9, retryAfter: nil, chance: 0) == .seconds(86_400))
        #expect(schedule.delay(after: 10, retryAfter: .seconds(1), chance: 0) == nil)

        let now = Timestamp("1994-11-06T08:49:07Z")!
        for (field, seconds) in [
            ("120", 120), ("0", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 30), ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
        ] {
            #expect(Webhooks.retryAfter(field, at: now) == .seconds(seconds))
        }
        for field in ["", "-1", "soon", "1.5", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"] {
            #expect(Webhooks.retryAfter(field, at: now) == nil)
        }
    }

    @Test("an attempt that was decided on by a clock that was ahead is made at once")
    func clockAhead() {
        var queue = queue([.one: 1])
        #expect(queue.start(at: Self.start) == [cursor(.one, 0)])
        let year = Self.start + .seconds(366 * 86_400)
        #expect(queue.finish(.one, failed(), at: year, chance: 0)?.nextAttemptAt == year + .seconds(5))
        #expect(queue.start(at: Self.start) == [cursor(.one, 0)])
    }

    @Test("few stores are served at a time, in turns")
    func turns() {
        var queue = queue([.one: 9, .two: 9, Self.three: 9], maximumRuns: 2)
        #expect(queue.start(at: Self.start).map(\.storeID) == [.one, .two])
        #expect(queue.start(at: Self.start).isEmpty)
        _ = queue.finish(.one, .stopped, at: Self.start, chance: 0)
        #expect(queue.start(at: Self.start).map(\.storeID) == [Self.three], "store 1 was served already")
        _ = queue.finish(.two, .stopped, at: Self.start, chance: 0)
        #expect(queue.start(at: Self.start).map(\.storeID) == [.one])
    }

    @Test("stores that fail have half of the places, so that those that answer do not wait behind those that hang")
    func hanging() {
        let hanging = (3...20).map { StoreID(rawValue: $0) }
        var queue = queue([.one: 9].merging(hanging.map { ($0, 1) }) { $1 }, maximumRuns: 4)
        var now = Self.start
        // Each attempt hangs; store 1 answers.
        for _ in 0..<hanging.count {
            for cursor in queue.start(at: now) where cursor.storeID != .one {
                _ = queue.finish(cursor.storeID, failed(), at: now, chance: 0)
            }
            if queue.runs.all > 0 { _ = queue.finish(.one, .stopped, at: now, chance: 0) }
        }
        now = now + .seconds(3_600)
        let started = queue.start(at: now).map(\.storeID)
        #expect(started.count == 3 && started.contains(.one), "one place waits for a store that answers")
        #expect(queue.runs.all == 3 && queue.runs.failing == 2)
        #expect(queue.start(at: now).isEmpty)
        queue.advanceEnds(to: ends([.two: 1]))
        #expect(queue.start(at: now) == [cursor(.two, 0)])

        // The same holds for all webhooks of a process.
        _ = queue.finish(.one, .stopped, at: now, chance: 0)
        #expect(queue.start(at: now, free: DeliveryRuns(all: 0, failing: 0)).isEmpty)
        #expect(queue.start(at: now, free: DeliveryRuns(all: 1, failing: 0)) == [cursor(.one, 0)])
    }

    @Test("a replay waits for the attempt under way, and is begun once")
    func replay() {
        var queue = queue([.one: 9])
        #expect(queue.start(at: Self.start) == [cursor(.one, 0)])
        #expect(queue.advance(to: cursor(.one, 5)) == true)
        queue.replay(after: cursor(.one, 2))
        queue.replay(after: cursor(.one, 2))
        #expect(queue.start(at: Self.start).isEmpty)
        #expect(queue.advance(to: cursor(.one, 6)) == false, "nothing more is sent from there")
        _ = queue.finish(.one, .stopped, at: Self.start, chance: 0)
        #expect(queue.start(at: Self.start) == [cursor(.one, 2)])
        #expect(queue.advance(to: cursor(.one, 3)) == true)
        let changes = queue.takeChanges()
        #expect(changes.cursors == [cursor(.one, 3)])
        #expect(changes.states.map(\.replayAfter) == [Position(rawValue: 2)])
        #expect(queue.advance(to: cursor(.one, 4)) == true)
        #expect(queue.takeChanges().states.isEmpty)
    }

    @Test("a ledger that cannot be read is no failure of the receiver")
    func unreadable() {
        var queue = queue([.one: 9])
        #expect(queue.start(at: Self.start) == [cursor(.one, 0)])
        #expect(queue.finish(.one, .unreadable, at: Self.start, chance: 0) == nil)
        #expect(queue.start(at: Self.start).isEmpty && queue.takeChanges().isEmpty)
        queue.advanceEnds(to: ends([.one: 9]))
        #expect(queue.start(at: Self.start).isEmpty)
        queue.readAgain()
        #expect(queue.start(at: Self.start) == [cursor(.one, 0)])
    }
}
