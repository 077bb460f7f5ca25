public import JSON

extension JSONWriter {
    @inlinable
    public mutating func value(_ moment: Timestamp) {
        separate()
        output.append(byte: UInt8(ascii: "\""))
        writeUnquoted(moment)
        output.append(byte: UInt8(ascii: "\""))
    }

    @inlinable
    public mutating func field(_ key: StaticString, _ number: some LedgerNumber) {
        self.key(key)
        value(number.rawValue)
    }

    @inlinable
    public mutating func field(_ key: StaticString, _ moment: Timestamp) {
        self.key(key)
        value(moment)
    }

    /// `null` for `nil`: the field is part of the shape.
    @inlinable
    public mutating func nullableField(_ key: StaticString, _ moment: Timestamp?) {
        self.key(key)
        if let moment { value(moment) } else { null() }
    }

    /// `null` for `nil`: the field is part of the shape.
    @inlinable
    public mutating func nullableField(_ key: StaticString, _ number: (some LedgerNumber)?) {
        self.key(key)
        if let number { value(number.rawValue) } else { null() }
    }

    /// Nothing for `nil`: the field is left out.
    @inlinable
    public mutating func optionalField(_ key: StaticString, _ moment: Timestamp?) {
        if let moment { field(key, moment) }
    }

    @inlinable
    mutating func writeUnquoted(_ moment: Timestamp) {
        let day: Int64 = 86_400_000_000
        let days = moment.microseconds / day - (moment.microseconds % day < 0 ? 1 : 0)
        // Wraps, because the first day begins before `Int64.min` microseconds.
        let rest = UInt64(moment.microseconds &- days &* day)
        let date = Timestamp.date(daysSince1970: days)
        let seconds = rest / 1_000_000
        writeDigits(date.year.magnitude, width: 4, negative: date.year < 0)
        output.append(byte: UInt8(ascii: "-"))
        writeDigits(UInt64(date.month), width: 2)
        output.append(byte: UInt8(ascii: "-"))
        writeDigits(UInt64(date.day), width: 2)
        output.append(byte: UInt8(ascii: "T"))
        writeDigits(seconds / 3_600, width: 2)
        output.append(byte: UInt8(ascii: ":"))
        writeDigits(seconds / 60 % 60, width: 2)
        output.append(byte: UInt8(ascii: ":"))
        writeDigits(seconds % 60, width: 2)
        output.append(byte: UInt8(ascii: "."))
        writeDigits(rest % 1_000_000, width: 6)
        output.append(byte: UInt8(ascii: "Z"))
    }
}
