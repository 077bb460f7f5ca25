import Testing

@testable import StockCache

@Suite("The relay's heart")
struct HeartbeatTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// What each beat, recorded at so many milliseconds, shows: until when the cache may be trusted.
    private func deadlines(_ recorded: [(String?, Int)]) -> [ContinuousClock.Instant?] {
        var heartbeat = HeartbeatTracker()
        return recorded.map { heartbeat.record($0, requestedAt: at($1)) }
    }

    @Test("is believed from its second new beat on, and only as far back as the first of the three was asked for")
    func threeBeats() {
        #expect(
            deadlines([("a:1", 0), ("a:1", 50), ("a:2", 100), ("a:3", 150), ("a:3", 200), ("a:4", 250)])
                == [nil, nil, nil, at(0) + HeartbeatTracker.trust, nil, at(100) + HeartbeatTracker.trust])
    }

    @Test("starts over with another relay")
    func anotherRelay() {
        #expect(
            deadlines([("a:1", 0), ("a:2", 50), ("b:9", 100), ("b:10", 150), ("b:11", 200)])
                == [nil, nil, nil, nil, at(100) + HeartbeatTracker.trust])
    }

    @Test("says nothing while nothing is recorded, and is not believed for what it said long ago")
    func silence() {
        #expect(
            deadlines([(nil, 0), ("a:1", 50), ("a:2", 100), (nil, 150), ("a:3", 5_000)])
                == [nil, nil, nil, nil, at(50) + HeartbeatTracker.trust])
    }
}
