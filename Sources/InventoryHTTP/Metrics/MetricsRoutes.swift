import Basics
import HTTPTypes
import HummingbirdCore
import InventoryContract
import NIOCore
import Prometheus

extension InventoryAPI {
    /// All metrics, for Prometheus.
    func readMetrics(_ context: RequestContext) async throws -> Response {
        guard let metrics else { throw Problem.notFound }
        let isOpenMetrics = context.format == .openMetrics
        // Thousands of lines would hold up the requests of an event loop.
        let text = try await onBlockingThread { metrics.exposition(isOpenMetrics ? .openMetrics : .text) }
        let version = isOpenMetrics ? "1.0.0" : "0.0.4"
        return Response(
            status: .ok,
            headers: [
                .contentType: "\(context.format.rawValue); version=\(version); charset=utf-8",
                .cacheControl: "no-store",
            ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: text)))
    }
}
