/// The supported types of columns and array elements (src/include/catalog/pg_type.dat).
enum OID: UInt32 {
    case bool = 16
    case bytea = 17
    case name = 19
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case json = 114
    case bpchar = 1042
    case varchar = 1043
    case timestamptz = 1184
    case textArray = 1009
    case int8Array = 1016
}

/// PostgreSQL counts microseconds from 2000-01-01, not 1970-01-01. The ends of the range mean `-infinity` and
/// `infinity` in both.
enum WireTime {
    private static let epoch: Int64 = 946_684_800_000_000

    static func wire(fromUnix microseconds: Int64) -> Int64 {
        guard microseconds != .max else { return .max }
        let (value, overflow) = microseconds.subtractingReportingOverflow(epoch)
        return overflow ? .min : value
    }

    static func unix(fromWire microseconds: Int64) -> Int64 {
        guard microseconds != .min else { return .min }
        let (value, overflow) = microseconds.addingReportingOverflow(epoch)
        return overflow ? .max : value
    }
}
