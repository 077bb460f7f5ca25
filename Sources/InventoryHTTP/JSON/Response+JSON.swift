import HTTPTypes
import HummingbirdCore
import Inventory
public import JSON
public import NIOCore

extension Response {
    /// A response with a JSON body.
    /// - Parameter capacity: The approximate size of the body in bytes, to allocate its buffer once.
    static func json(
        _ status: HTTPResponse.Status = .ok, capacity: Int = 256, cacheControl: String = "no-store",
        contentType: MediaType = .json, _ write: (inout JSONWriter<ByteBuffer>) -> Void
    ) -> Response {
        var json = JSONWriter(output: ByteBufferAllocator().buffer(capacity: capacity))
        write(&json)
        return Response(
            status: status, headers: [.contentType: contentType.rawValue, .cacheControl: cacheControl],
            body: ResponseBody(byteBuffer: json.output))
    }
}

/// JSON is written straight into the buffer that goes to the socket.
extension ByteBuffer: JSONOutput {
    @inlinable
    public mutating func append(byte: UInt8) { writeInteger(byte) }

    @inlinable
    public mutating func append(ascii: StaticString) { writeStaticString(ascii) }

    @inlinable
    public mutating func append(bytes: UnsafeBufferPointer<UInt8>) { writeBytes(bytes) }
}
