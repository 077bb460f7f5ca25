import Basics
import Testing

@Suite("traceparent")
struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test("a valid header names the trace, one of a later version too")
    func valid() {
        for header in ["00-\(Self.trace)-\(Self.span)-01", "cc-\(Self.trace)-\(Self.span)-00-what-comes-later"] {
            #expect(TraceParent(header)?.traceID == Self.trace[...])
            #expect(TraceParent(header)?.parentID == Self.span[...])
            #expect(TraceParent(header)?.isSampled == header.contains("-01"))
        }
    }

    @Test(
        "what is not valid is ignored",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-01-more",
            "ff-\(trace)-\(span)-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace.dropLast())-\(span)-01", "00-\(trace)-\(span)0-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace)-\(span)-\n1",
            "0x-\(trace)-\(span)-01",
        ])
    func invalid(header: String) {
        #expect(TraceParent(header) == nil)
    }
}
