import Inventory
import Testing

@testable import InventoryHTTP

@Suite("Headers that ask for something")
struct ConditionTests {
    @Test(
        "Accept decides by the most specific range and its weight",
        arguments: [
            (nil, .json), ("", .json), ("*/*", .json), ("application/*", .json), ("text/csv", .csv), ("TEXT/CSV", .csv),
            ("text/*", .csv), ("text/html", nil), ("application/xml, text/html;q=0.9", nil),
            ("application/json;q=0", nil),
            ("application/json;q=0, */*", .csv), ("text/csv;q=0.5, application/json;q=0.4", .csv),
            ("text/csv;q=0.4, */*;q=0.5", .json), ("text/html, */*;q=0.1", .json),
            ("text/csv , application/json", .json),
            ("application/json;charset=utf-8", .json), ("text/csv; header=present; q=0.2, application/*;q=0.1", .csv),
            ("*/*;q=0", nil), ("json", nil), ("application/json;q=high", nil),
        ] as [(String?, MediaType?)])
    func accept(header: String?, format: MediaType?) {
        #expect(MediaType.preferred(of: [.json, .csv], by: header) == format)
    }

    @Test(
        "Content-Type is JSON or it is not",
        arguments: [
            ("application/json", true), ("application/json; charset=utf-8", true), ("Application/JSON ;a=b", true),
            (nil, false), ("", false), ("text/plain", false), ("application/jsonp", false), ("application/*", false),
            ("application/problem+json", false), ("application/x-www-form-urlencoded", false),
        ] as [(String?, Bool)])
    func contentType(header: String?, isJSON: Bool) {
        #expect(MediaType.isJSON(header) == isJSON)
    }

    @Test(
        "If-None-Match compares weakly",
        arguments: [
            (#""42.7-h""#, true), (#"W/"42.7-h""#, true), ("*", true), (#""1", "42.7-h""#, true),
            (#""42.7-h","1""#, true), (#""42-h""#, false), (#""42.7-g""#, false), (#""42.7""#, false),
            ("42.7-h", false), (#""42.7-h"#, false), ("", false), (#"w/"42.7-h""#, false),
        ])
    func ifNoneMatch(header: String, isNamed: Bool) {
        let tag = EntityTag(Position(rawValue: 42), catalog: Position(rawValue: 7), in: History("h"))
        #expect(tag.text == #""42.7-h""#)
        #expect(tag.isNamed(by: header) == isNamed)
    }

    @Test(
        "If-Match compares strongly",
        arguments: [
            (nil, .any), ("*", .any), (#""1-h", *"#, .any),
            (#""42-h""#, .oneOf([Version(Position(rawValue: 42), in: History("h"))])),
            (
                #""1-g" , "42-h-i""#,
                .oneOf([
                    Version(Position(rawValue: 1), in: History("g")),
                    Version(Position(rawValue: 42), in: History("h-i")),
                ])
            ), (#"W/"42-h""#, .oneOf([])), ("42-h", .oneOf([])), (#""042-h""#, .oneOf([])), (#""42""#, .oneOf([])),
            (#""42.7-h""#, .oneOf([])), ("", .oneOf([])), (#""abc""#, .oneOf([])), (#"a42-hb"#, .oneOf([])),
        ] as [(String?, VersionCondition)])
    func ifMatch(header: String?, condition: VersionCondition) {
        #expect(VersionCondition(ifMatch: header) == condition)
    }

    @Test(
        "an Idempotency-Key may be in quotes, and is 1 to 255 visible ASCII characters",
        arguments: [
            ("a", "a"), (#""a""#, "a"), (" a-b_c~! ", "a-b_c~!"), (#"a"b"#, #"a"b"#), (#"""#, #"""#),
            (String(repeating: "x", count: 255), String(repeating: "x", count: 255)), ("", nil), (#""""#, nil),
            (String(repeating: "x", count: 256), nil), ("a b", nil), ("ä", nil), ("a, b", nil), ("a\tb", nil),
        ] as [(String, String?)])
    func idempotencyKey(header: String, key: String?) {
        #expect(unquotedKey(in: header) == key)
    }

    @Test("a request id is taken over if it can be, and made otherwise")
    func requestID() {
        #expect(RequestID.takenOver(from: "my-id") == "my-id")
        let longest = String(repeating: "x", count: 128)
        #expect(RequestID.takenOver(from: longest) == longest)
        for header in [nil, "", longest + "x", "a b", "ä"] {
            #expect(RequestID.takenOver(from: header).wholeMatch(of: /[0-9a-v]{13}/) != nil)
        }
        #expect(Set((0..<10_000).map { _ in RequestID.takenOver(from: nil) }).count == 10_000)
    }

    @Test(
        "Date is an IMF-fixdate",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (1_798_761_600, "Fri, 01 Jan 2027 00:00:00 GMT"),
        ] as [(Int64, String)])
    func date(seconds: Int64, text: String) {
        #expect(httpDate(seconds) == text)
    }
}
