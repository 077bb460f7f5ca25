import HTTPTypes
import Inventory
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The `Date` header, formatted once a second.
final class HTTPClock: Sendable {
    private let last = Mutex((second: Int64.min, date: HTTPField(name: .date, value: "")))

    var date: HTTPField {
        let second = Int64(Date().timeIntervalSince1970)
        return last.withLock { last in
            if second != last.second { last = (second, HTTPField(name: .date, value: httpDate(second))) }
            return last.date
        }
    }
}

/// Seconds since 1970 as an IMF-fixdate (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
func httpDate(_ seconds: Int64) -> String {
    // 1994-11-06T08:49:37.000000Z
    let iso = Array(Timestamp(microseconds: seconds * 1_000_000).description.utf8)
    func field(_ range: Range<Int>) -> String { String(decoding: iso[range], as: UTF8.self) }
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        Int(field(5..<7))! - 1]
    // 1970 began on a Thursday.
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(seconds / 86_400 % 7)]
    return "\(weekday), \(field(8..<10)) \(month) \(field(0..<4)) \(field(11..<19)) GMT"
}
