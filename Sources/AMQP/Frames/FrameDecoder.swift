internal import NIOCore

enum FrameType: UInt8 {
    case method = 1
    case header = 2
    case body = 3
    case heartbeat = 8
}

/// A frame (AMQP 0-9-1, section 4.2.3). The payload is a slice of the network buffer.
struct Frame: Hashable {
    let type: FrameType
    let channel: UInt16
    let payload: ByteBuffer

    static let headerBytes = 7
    /// A header, and an octet at the end.
    static let overhead = headerBytes + 1
    static let end: UInt8 = 0xce
    /// What every peer has to accept.
    static let minimumLimit = 4096
}

/// Cuts the bytes of a connection into frames. Does no I/O.
struct FrameDecoder: ~Copyable {
    /// The maximum size of a frame, with its header and end.
    var maximumFrameBytes: Int
    private var buffer = ByteBuffer()

    init(maximumFrameBytes: Int) {
        self.maximumFrameBytes = maximumFrameBytes
    }

    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else if buffer.readerIndex == 0 {
            buffer.writeBuffer(&bytes)
        } else {
            // Frames that were cut off share the storage: appending would copy all of it.
            var fresh = ByteBufferAllocator().buffer(capacity: buffer.readableBytes + bytes.readableBytes)
            fresh.writeBuffer(&buffer)
            fresh.writeBuffer(&bytes)
            buffer = fresh
        }
    }

    /// The next frame, or nil if it is not complete yet.
    /// - Throws: `.protocolViolation`. The bytes after that mean nothing.
    mutating func next() throws(AMQPError) -> Frame? {
        guard let number = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard let type = FrameType(rawValue: number) else {
            throw number == UInt8(ascii: "A")
                ? AMQPError(.protocolViolation, "the server refuses AMQP 0-9-1")
                : .malformed("a frame of the unknown type \(number)")
        }
        guard let size = buffer.getInteger(at: buffer.readerIndex + 3, as: UInt32.self) else { return nil }
        guard Int(size) <= maximumFrameBytes - Frame.overhead else {
            throw .malformed("a frame of \(size) bytes: the limit is \(maximumFrameBytes - Frame.overhead)")
        }
        guard buffer.readableBytes >= Int(size) + Frame.overhead,
            let channel = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt16.self),
            let payload = buffer.getSlice(at: buffer.readerIndex + Frame.headerBytes, length: Int(size)),
            let end = buffer.getInteger(at: buffer.readerIndex + Frame.headerBytes + Int(size), as: UInt8.self)
        else { return nil }
        guard end == Frame.end else { throw .malformed("a frame that does not end where it should") }
        buffer.moveReaderIndex(forwardBy: Int(size) + Frame.overhead)
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
        return Frame(type: type, channel: channel, payload: payload)
    }
}

extension ByteBuffer {
    /// Appends a frame, or nothing if it fails.
    mutating func writeFrame(
        _ type: FrameType, channel: UInt16, maximumBytes: Int = .max,
        _ payload: (inout ByteBuffer) throws(AMQPError) -> Void
    ) throws(AMQPError) {
        let start = writerIndex
        do throws(AMQPError) {
            writeInteger(type.rawValue)
            writeInteger(channel)
            try writeWithLength(payload)
            writeInteger(Frame.end)
            guard writerIndex - start <= maximumBytes else {
                throw .invalid("headers or arguments do not fit into a frame of \(maximumBytes) bytes")
            }
        } catch {
            moveWriterIndex(to: start)
            throw error
        }
    }
}
