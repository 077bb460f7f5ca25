internal import CHiredis
internal import NIOCore

/// Parses replies from the bytes of a connection. The only owner of hiredis's reader, and, like it, not thread-safe.
final class ReplyParser {
    /// The minimum size of an element: `+`, CR, LF.
    private static let minimumElementBytes = 3

    private let reader: UnsafeMutablePointer<redisReader>
    private let builder: ReplyBuilder
    private let maximumReplyBytes: Int
    private var bytesFed = 0
    /// Where the current reply starts, counted like `bytesFed`.
    private var replyStart = 0
    private var failure: RedisError?

    init(maximumReplyBytes: Int) {
        self.maximumReplyBytes = maximumReplyBytes
        builder = ReplyBuilder(maximumElements: maximumReplyBytes / Self.minimumElementBytes)
        guard let reader = redisReaderCreateWithFunctions(ReplyHooks.functions) else {
            preconditionFailure("out of memory")
        }
        self.reader = reader
        builder.reader = reader
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit { redisReaderFree(reader) }

    /// Takes bytes from the network. Call ``next()`` until it returns nil before adding more.
    func append(_ bytes: ByteBuffer) {
        precondition(builder.chunk.readableBytes == 0, "the bytes before were not read to their end")
        guard failure == nil, bytes.readableBytes > 0 else { return }
        let result = bytes.withUnsafeReadableBytes {
            redisReaderFeed(reader, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        if result != REDIS_OK { failure = RedisError(.protocolViolation, errorText) }
        builder.chunk = bytes
        bytesFed += bytes.readableBytes
    }

    /// The next reply, or nil if it is not complete yet.
    /// - Throws: `.protocolViolation`, also for all later calls.
    func next() throws(RedisError) -> RedisValue? {
        do throws(RedisError) {
            if let failure { throw failure }
            if let value = try read() { return value }
        } catch {
            failure = error
            builder.chunk = ByteBuffer()
            throw error
        }
        // Releases the network buffer, unless a reply has a slice of it.
        builder.chunk = ByteBuffer()
        return nil
    }

    private func read() throws(RedisError) -> RedisValue? {
        guard bytesFed > replyStart else { return nil }
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else {
            throw RedisError(.protocolViolation, builder.refusal.map { "Redis sent \($0)" } ?? errorText)
        }
        let end = reply == nil ? bytesFed : bytesFed - Int(reader.pointee.len - reader.pointee.pos)
        guard end - replyStart <= maximumReplyBytes else {
            throw RedisError(.protocolViolation, "Redis sent a reply of more than \(maximumReplyBytes) bytes")
        }
        guard reply != nil else { return nil }
        replyStart = end
        guard let value = builder.takeFinished() else {
            throw RedisError(.protocolViolation, "Redis sent a type of RESP3")
        }
        return value
    }

    private var errorText: String {
        withUnsafeBytes(of: reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
