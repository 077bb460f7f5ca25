import HTTPTypes
import HummingbirdCore
import Inventory
import JSON
import NIOCore

extension Response {
    /// An answer whose body is written once, into a buffer that is long enough.
    /// - Parameter capacity: how many bytes the body has, about.
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
