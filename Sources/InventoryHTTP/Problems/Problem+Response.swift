import HTTPTypes
import HummingbirdCore
import InventoryContract
import JSON
import NIOCore

extension Problem {
    func response(to requestID: String) -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: code.status, headers: headers, body: ResponseBody(byteBuffer: body(requestID)))
    }

    func body(_ requestID: String) -> ByteBuffer {
        var json = JSONWriter(output: ByteBuffer())
        json.value(self, requestID: requestID)
        return json.output
    }
}
