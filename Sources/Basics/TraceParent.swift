/// The trace that a request is part of, from its `traceparent` header (W3C Trace Context, section 3.2).
package struct TraceParent: Equatable {
    /// 32 hexadecimal digits.
    package let traceID: Substring
    /// Of the caller's span; 16 hexadecimal digits.
    package let parentID: Substring
    /// Whether the caller may have recorded its span.
    package let isSampled: Bool

    /// - Returns: `nil` for a header that is not valid, which is ignored as the standard wants it.
    package init?(_ header: String) {
        // Later versions may append fields.
        let fields = header.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 4, omittingEmptySubsequences: false)
            .map(Substring.init)
        guard fields.count >= 4, fields[0].isHexadecimal(2), fields[0] != "ff", fields.count == 4 || fields[0] != "00",
            fields[1].isHexadecimal(32), fields[2].isHexadecimal(16), fields[3].isHexadecimal(2),
            !fields[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }),
            !fields[2].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }), let flags = UInt8(fields[3], radix: 16)
        else { return nil }
        traceID = fields[1]
        parentID = fields[2]
        isSampled = flags & 1 == 1
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
