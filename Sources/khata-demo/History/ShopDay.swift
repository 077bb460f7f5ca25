import Foundation
import Inventory

/// A day of the demo's shops, which open from 8 to 22 o'clock in Pakistan (UTC+5), in slots of ten minutes.
struct ShopDay {
    static let opensAtHour = 8
    static let slotSeconds = 600
    static let slotsPerDay = 14 * 6

    /// Days since 1970-01-01, in Pakistan.
    let number: Int
    /// The slots that are over.
    let slots: Range<Int>

    init(number: Int, slots: Int = slotsPerDay) {
        self.number = number
        self.slots = 0..<slots
    }

    var before: ShopDay { ShopDay(number: number - 1) }

    /// Full days, and of today what is over.
    static func history(days: Int, until now: Timestamp) -> [ShopDay] {
        let seconds = Int(now.microseconds / 1_000_000) + secondsEast
        let today = seconds / 86_400
        let sinceOpening = seconds % 86_400 - opensAtHour * 3_600
        return (today - days..<today).map { ShopDay(number: $0) }
            + [ShopDay(number: today, slots: min(max(sinceOpening / slotSeconds, 0), slotsPerDay))]
    }

    /// A moment, by seconds since the shops opened.
    func time(_ seconds: Int) -> Timestamp {
        let midnight = number * 86_400 - Self.secondsEast
        return Timestamp(microseconds: Int64(midnight + Self.opensAtHour * 3_600 + seconds) * 1_000_000)
    }

    private static let secondsEast = 5 * 3_600
}

extension ShopDay {
    /// Sunday is 0; 1970-01-01 was a Thursday.
    var weekday: Int { (number + 4) % 7 }

    /// How many lines an average shop sells in a slot: some in the morning, most after work. On Fridays shops are
    /// empty during the noon prayer, on Sundays people come late and buy more.
    func footfall(_ slot: Int) -> Double {
        let hour = Double(Self.opensAtHour) + (Double(slot) + 0.5) / 6
        switch weekday {
        case 0: return 1.1 + Self.peak(1.9, at: 12, width: 1.8, hour) + Self.peak(2.9, at: 18.5, width: 2.2, hour)
        case 5 where (12.75..<14.5).contains(hour): return 0.2
        case 5: return 0.8 + Self.peak(1.8, at: 10.5, width: 1.2, hour) + Self.peak(3.2, at: 19, width: 1.9, hour)
        default: return 0.9 + Self.peak(1.6, at: 10, width: 1.4, hour) + Self.peak(3, at: 19, width: 1.9, hour)
        }
    }

    /// What an average shop sells on an ordinary day.
    static let linesPerDay = (0..<slotsPerDay).reduce(0) { $0 + ShopDay(number: 0).footfall($1) }

    private static func peak(_ height: Double, at center: Double, width: Double, _ hour: Double) -> Double {
        height * exp(-pow((hour - center) / width, 2) / 2)
    }
}
