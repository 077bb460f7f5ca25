import ArgumentParser
import Foundation
import Inventory

/// A moment argument: a whole day, or an RFC 3339 time.
///
/// Days are in UTC, as in reports, so that results do not depend on the time zone.
enum Moment: Equatable {
    case day(start: Timestamp)
    case time(Timestamp)

    /// - Parameter text: `2026-11-20`, `today`, `yesterday`, `2026-11-20T19:55:00Z` or `2026-11-20T19:55:00+05:00`.
    init?(_ text: String, now: Timestamp) {
        let today = now.microseconds - (now.microseconds % Self.day + Self.day) % Self.day
        switch text.lowercased() {
        case "today": self = .day(start: Timestamp(microseconds: today))
        case "yesterday": self = .day(start: Timestamp(microseconds: today - Self.day))
        default:
            if let start = Timestamp(text + "T00:00:00Z") {
                self = .day(start: start)
            } else if let time = Timestamp(text) {
                self = .time(time)
            } else {
                return nil
            }
        }
    }

    /// The start of a period from here.
    var start: Timestamp {
        switch self {
        case .day(let start): start
        case .time(let time): time
        }
    }

    /// The end of a period until here, exclusive.
    var end: Timestamp {
        switch self {
        case .day(let start): min(Timestamp(microseconds: start.microseconds + Self.day), .latest)
        case .time(let time): time
        }
    }

    /// The last moment of a day, or the time itself.
    var last: Timestamp {
        switch self {
        case .day(let start): Timestamp(microseconds: start.microseconds + Self.day - 1)
        case .time(let time): time
        }
    }

    private static let day: Int64 = 86_400_000_000
}

extension Moment: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument, now: .now)
    }
}

extension Timestamp {
    /// Such as `2026-11-20 19:55:00`, in UTC.
    var forPeople: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }
}

/// Options for a period.
struct PeriodOptions: ParsableArguments {
    @Option(
        help: """
            From this day or time on: 2026-11-20, today, yesterday, or 2026-11-20T19:55:00+05:00. Days are of UTC.
            """)
    var from: Moment?

    @Option(help: "Until this day, which counts whole, or until before this time.")
    var to: Moment?

    func validate() throws {
        if let from, let to, from.start > to.last { throw ValidationError("--from must not be after --to.") }
    }

    var period: Period { Period(from: from?.start, to: to?.end) }
}
