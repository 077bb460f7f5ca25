public import Inventory

/// `null` for `nil`: the field is part of the shape.
extension JSONWriter {
    @inlinable
    public mutating func nullableField(_ key: StaticString, _ moment: Timestamp?) {
        self.key(key)
        if let moment { value(moment) } else { null() }
    }

    @inlinable
    public mutating func nullableField(_ key: StaticString, _ number: (some LedgerNumber)?) {
        self.key(key)
        if let number { value(number.rawValue) } else { null() }
    }
}
