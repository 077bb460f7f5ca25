import Inventory
import Testing

@testable import khata

@Suite("Moments")
struct MomentTests {
    private let now = Timestamp("2026-11-20T23:59:59.999999Z")!

    @Test(
        "a day counts whole, a time does not",
        arguments: [
            ("2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("today", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("Yesterday", "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-11-20T19:55:00Z", "2026-11-20T19:55:00Z", "2026-11-20T19:55:00Z"),
            ("2026-11-20T19:55:00+05:00", "2026-11-20T14:55:00Z", "2026-11-20T14:55:00Z"),
        ])
    func reads(text: String, start: String, end: String) throws {
        let moment = try #require(Moment(text, now: now))
        #expect(moment.start == Timestamp(start))
        #expect(moment.end == Timestamp(end))
    }

    @Test("the stock of a day is that of its last moment")
    func last() {
        #expect(Moment("2026-11-20", now: now)?.last == now)
        #expect(Moment("2026-11-20T19:55:00Z", now: now)?.last == Timestamp("2026-11-20T19:55:00Z"))
    }

    @Test("days before 1970 and the last of all are days too")
    func edges() {
        let before = Timestamp("1969-12-31T12:00:00Z")!
        #expect(Moment("today", now: before)?.start == Timestamp("1969-12-31T00:00:00Z"))
        #expect(Moment("9999-12-31", now: now)?.end == .latest)
    }

    @Test(
        "what is neither is refused", arguments: ["", "2026-13-01", "2026-02-30", "20.11.2026", "tomorrow", "2026-11"])
    func refuses(text: String) {
        #expect(Moment(text, now: now) == nil)
    }

    @Test("times are shown in UTC")
    func shown() {
        #expect(now.forPeople == "2026-11-20 23:59:59")
    }
}
