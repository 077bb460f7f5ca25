internal import CHiredis
internal import NIOCore

/// Builds a ``RedisValue`` from the callbacks of hiredis's reader, without an intermediate tree of `redisReply`.
///
/// The reader reports depth first: an array, then its elements. So the arrays that are not complete yet form a stack.
final class ReplyBuilder {
    private struct OpenArray {
        var values: [RedisValue]
        var missing: Int
    }

    let maximumElements: Int
    /// The reader this builds for; its owner sets it before the first use.
    var reader: UnsafeMutablePointer<redisReader>!
    /// The buffer last passed to the reader.
    var chunk = ByteBuffer()
    /// The reply, once it is complete.
    private var finished: RedisValue?
    private var open: [OpenArray] = []
    /// Why the reader was stopped.
    private(set) var refusal: String?

    init(maximumElements: Int) {
        self.maximumElements = maximumElements
    }

    /// - Returns: Nil if hiredis considers a reply complete that was not fully reported here, such as a RESP3 type.
    func takeFinished() -> RedisValue? {
        guard open.isEmpty else { return nil }
        defer { finished = nil }
        return finished
    }

    func add(_ value: RedisValue) {
        var value = value
        while let last = open.indices.last {
            open[last].values.append(value)
            open[last].missing -= 1
            if open[last].missing > 0 { return }
            value = .array(open.removeLast().values)
        }
        finished = value
    }

    func addArray(_ count: Int) -> Bool {
        guard count <= maximumElements else { return refuse("an array of \(count) elements") }
        if count <= 0 {
            add(.array([]))
        } else {
            var values: [RedisValue] = []
            // The announced elements may never arrive.
            values.reserveCapacity(min(count, 256))
            open.append(OpenArray(values: values, missing: count))
        }
        return true
    }

    func addString(type: Int32, _ start: UnsafeMutablePointer<CChar>, _ length: Int) -> Bool {
        // The reader requires two more bytes, which it does not check for a bulk string.
        guard start[length] == 0x0d, start[length + 1] == 0x0a else { return refuse("a bulk string of a wrong length") }
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        switch type {
        case REDIS_REPLY_STRING: add(.bytes(slice(bytes)))
        case REDIS_REPLY_STATUS: add(.status(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: add(.error(String(decoding: bytes, as: UTF8.self)))
        default: return refuse("a type of RESP3")
        }
        return true
    }

    /// The bytes as a slice of the network buffer, so that hiredis's copy is the only one; or a second copy, if they
    /// arrived in several parts.
    private func slice(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        // Both buffers end with the same byte, so the distance from the end is the same in both.
        let fromEnd = UnsafeRawPointer(reader.pointee.buf + Int(reader.pointee.len)) - bytes.baseAddress!
        let index = chunk.writerIndex - fromEnd
        if index >= chunk.readerIndex, let slice = chunk.getSlice(at: index, length: bytes.count) { return slice }
        return ByteBuffer(bytes: bytes)
    }

    private func refuse(_ what: String) -> Bool {
        refusal = what
        return false
    }
}

/// hiredis's hooks. They return the builder itself where hiredis expects an object, and nil to stop it.
enum ReplyHooks {
    private typealias Task = UnsafePointer<redisReadTask>

    /// Allocated once for the process, because every reader keeps the pointer; never written after that.
    nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, start, length in
            ReplyHooks.with(task) { $0.addString(type: task!.pointee.type, start!, Int(length)) }
        }
        functions.createArray = { task, count in ReplyHooks.with(task) { $0.addArray(Int(count)) } }
        functions.createInteger = { task, value in ReplyHooks.with(task) { $0.addValue(.integer(value)) } }
        functions.createNil = { task in ReplyHooks.with(task) { $0.addValue(.null) } }
        functions.freeObject = { _ in }
        let pointer = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        pointer.initialize(to: functions)
        return pointer
    }()

    private static func with(_ task: Task?, _ body: (ReplyBuilder) -> Bool) -> UnsafeMutableRawPointer? {
        let builder = task!.pointee.privdata!
        return body(Unmanaged<ReplyBuilder>.fromOpaque(builder).takeUnretainedValue()) ? builder : nil
    }
}

extension ReplyBuilder {
    fileprivate func addValue(_ value: RedisValue) -> Bool {
        add(value)
        return true
    }
}
