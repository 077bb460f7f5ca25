import Inventory
public import JSON
public import NIOCore

/// Writes JSON straight into the buffer that goes to the socket.
extension ByteBuffer: JSONOutput {
    @inlinable
    public mutating func append(byte: UInt8) { writeInteger(byte) }

    @inlinable
    public mutating func append(ascii: StaticString) { writeStaticString(ascii) }

    @inlinable
    public mutating func append(bytes: UnsafeBufferPointer<UInt8>) { writeBytes(bytes) }
}
