import HTTPTypes

/// The trace that a request is part of, from its `traceparent` header (W3C Trace Context, section 3.2).
struct TraceParent: Equatable {
    /// 32 hexadecimal digits.
    let traceID: Substring
    /// Of the caller's span; 16 hexadecimal digits.
    let parentID: Substring

    /// - Returns: `nil` for a header that is not valid, which is ignored as the standard wants it.
    init?(_ header: String) {
        // Later versions may append fields.
        let fields = header.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 4, omittingEmptySubsequences: false)
            .map(\.text)
        guard fields.count >= 4, fields[0].isHexadecimal(2), fields[0] != "ff", fields.count == 4 || fields[0] != "00",
            fields[1].isHexadecimal(32), fields[2].isHexadecimal(16), fields[3].isHexadecimal(2),
            !fields[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }),
            !fields[2].utf8.allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
        traceID = fields[1]
        parentID = fields[2]
    }
}

extension Substring {
    fileprivate func isHexadecimal(_ count: Int) -> Bool {
        utf8.count == count
            && utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension HTTPRequest {
    /// The id of the trace that the caller says the request is part of.
    var traceID: String? { headerFields[.traceParent].flatMap(TraceParent.init).map { String($0.traceID) } }
}
