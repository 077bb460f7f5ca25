internal import NIOCore

/// Reads the fields of a frame's payload (AMQP 0-9-1, section 4.2.5).
struct FieldReader {
    private var bytes: ByteBuffer

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { bytes.readableBytes == 0 }

    mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(AMQPError) -> T {
        guard let value = bytes.readInteger(as: T.self) else { throw Self.tooShort }
        return value
    }

    /// What is not UTF-8 in it is replaced: AMQP does not say what a text is, and a message must not end the connection.
    mutating func shortString() throws(AMQPError) -> String {
        let length = try integer(UInt8.self)
        guard let text = bytes.readString(length: Int(length)) else { throw Self.tooShort }
        return text
    }

    mutating func longBytes() throws(AMQPError) -> ByteBuffer {
        let length = try integer(UInt32.self)
        guard let slice = bytes.readSlice(length: Int(length)) else { throw Self.tooShort }
        return slice
    }

    mutating func table() throws(AMQPError) -> AMQPTable { AMQPTable(encoded: try longBytes()) }

    mutating func bool() throws(AMQPError) -> Bool { try integer(UInt8.self) & 1 != 0 }

    mutating func closeReason() throws(AMQPError) -> CloseReason {
        let reason = CloseReason(code: try integer(), text: try shortString())
        // The class and method that caused it; the text names them.
        _ = try integer(UInt32.self)
        return reason
    }

    private static var tooShort: AMQPError { .malformed("a frame that ends inside of a field") }
}

/// Why a channel or a connection is closed.
struct CloseReason: Hashable {
    let code: UInt16
    let text: String

    static let done = CloseReason(code: 200, text: "")

    var error: AMQPError { AMQPError(.server(code: code), text) }
}

extension ByteBuffer {
    mutating func writeShortString(_ text: String) throws(AMQPError) {
        guard let length = UInt8(exactly: text.utf8.count) else {
            throw .invalid("a name, key or property of \(text.utf8.count) bytes: AMQP allows 255")
        }
        writeInteger(length)
        writeString(text)
    }

    mutating func writeLongString(_ text: String) {
        writeInteger(UInt32(text.utf8.count))
        writeString(text)
    }

    /// Writes the length of what `write` appends before it.
    mutating func writeWithLength(_ write: (inout ByteBuffer) throws(AMQPError) -> Void) throws(AMQPError) {
        let start = writerIndex
        writeInteger(UInt32(0))
        try write(&self)
        setInteger(UInt32(writerIndex - start - 4), at: start)
    }

    /// Bits in a row share an octet, the first one in its lowest bit.
    mutating func writeBits(_ bits: Bool...) {
        writeInteger(bits.reversed().reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) })
    }
}
