internal import DequeModule

/// The messages that were published on a channel and await the broker's confirm, by delivery tag
/// (https://www.rabbitmq.com/docs/confirms). Does no I/O.
///
/// Confirms come in any order, one at a time or for all up to a tag. The limit is on the distance from the oldest
/// message without one to the newest.
struct Confirms<Message>: ~Copyable {
    let maximum: Int
    /// The first is that of `firstTag`; nil once it is settled.
    private var messages: Deque<Message?> = []
    private var firstTag: UInt64 = 1

    init(maximum: Int) {
        self.maximum = maximum
    }

    var hasRoom: Bool { messages.count < maximum }
    var isEmpty: Bool { messages.isEmpty }

    /// The next message was published.
    mutating func append(_ message: Message) {
        precondition(hasRoom, "too many messages await their confirm")
        messages.append(message)
    }

    /// - Returns: The messages that were settled by this confirm, in order.
    /// - Throws: `.protocolViolation` for a tag that was not published.
    mutating func receive(tag: UInt64, isMultiple: Bool) throws(AMQPError) -> [Message] {
        // Zero means all.
        let isAll = tag == 0 && isMultiple
        let nextTag = firstTag + UInt64(messages.count)
        guard isAll || (tag > 0 && tag < nextTag) else { throw .malformed("a confirm of what was not published") }
        let count = isAll ? messages.count : tag < firstTag ? 0 : Int(tag - firstTag) + 1
        guard count > 0 else { return [] }
        var settled: [Message] = []
        for index in (isMultiple ? 0 : count - 1)..<count {
            if let message = messages[index] { settled.append(message) }
            messages[index] = nil
        }
        removeSettled()
        return settled
    }

    /// The oldest message without a confirm that is the one.
    func first(where isTheOne: (Message) -> Bool) -> Message? {
        messages.lazy.compactMap(\.self).first(where: isTheOne)
    }

    /// - Returns: The messages without a confirm, after the channel is closed.
    mutating func removeAll() -> [Message] {
        firstTag += UInt64(messages.count)
        defer { messages.removeAll() }
        return messages.compactMap(\.self)
    }

    private mutating func removeSettled() {
        // An optional of an optional: the outer one is nil at the end.
        while case .some(.none) = messages.first {
            messages.removeFirst()
            firstTag += 1
        }
    }
}
