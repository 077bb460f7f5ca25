internal import DequeModule

/// The deliveries of a channel that are not acknowledged, and which of them are settled. Does no I/O.
///
/// They are settled in any order, and acknowledged in that of their tags, several at once: after a crash, the broker
/// delivers from the first that was not settled.
struct Settlement: ~Copyable {
    let prefetch: Int
    /// The first is that of `firstTag`.
    private var isSettled: Deque<Bool> = []
    private var firstTag: UInt64 = 1
    private var acknowledged: UInt64 = 0

    init(prefetch: Int) {
        self.prefetch = prefetch
    }

    /// - Throws: `.protocolViolation` if the broker counts wrongly, or delivers more than the prefetch.
    mutating func deliver(_ tag: UInt64) throws(AMQPError) {
        let next = firstTag + UInt64(isSettled.count)
        guard tag == next else { throw .malformed("delivery \(tag) instead of \(next)") }
        guard tag - acknowledged <= UInt64(prefetch) else {
            throw .malformed("more than the \(prefetch) deliveries that it was allowed")
        }
        isSettled.append(false)
    }

    /// Does nothing for a tag that is unknown or settled.
    /// - Returns: Whether there is now something to acknowledge, and was not before.
    mutating func settle(_ tag: UInt64) -> Bool {
        guard tag >= firstTag, tag - firstTag < UInt64(isSettled.count) else { return false }
        let hadSome = acknowledged < firstTag - 1
        isSettled[Int(tag - firstTag)] = true
        guard tag == firstTag else { return false }
        while isSettled.first == true {
            isSettled.removeFirst()
            firstTag += 1
        }
        return !hadSome
    }

    /// The tag up to which to acknowledge, or nil if that was done.
    mutating func takeAcknowledgement() -> UInt64? {
        guard acknowledged < firstTag - 1 else { return nil }
        acknowledged = firstTag - 1
        return acknowledged
    }
}
