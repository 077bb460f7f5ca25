import Testing

@testable import Inventory

@Suite("Times")
struct TimestampTests {
    @Test(
        "RFC 3339 is read and written",
        arguments: [
            ("2026-11-20T19:55:00.123456Z", 1_795_204_500_123_456, "2026-11-20T19:55:00.123456Z"),
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z"),
            ("1969-12-31t23:59:59.9z", -100_000, "1969-12-31T23:59:59.900000Z"),
            ("2024-02-29T05:00:00+05:00", 1_709_164_800_000_000, "2024-02-29T00:00:00.000000Z"),
            ("2000-03-01T00:00:00.1234567899Z", 951_868_800_123_456, "2000-03-01T00:00:00.123456Z"),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ])
    func readAndWritten(text: String, microseconds: Int64, written: String) throws {
        let moment = try #require(Timestamp(text))
        #expect(moment.microseconds == microseconds)
        #expect(moment.description == written)
    }

    @Test(
        "any moment that a table holds is written",
        arguments: [
            (.min, "-290308-12-21T19:59:05.224192Z"), (.max, "294247-01-10T04:00:54.775807Z"),
            (-62_135_596_800_000_001, "0000-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func written(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-11-20", "2026-11-20T19:55:00", "2026-11-20 19:55:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+5:00",
            "2026-01-01T00:00:00+24:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01", "2026-01-01T00:00:00ZZ", "２026-01-01T00:00:00Z", "-026-01-01T00:00:00Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
