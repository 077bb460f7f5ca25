import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import NIOCore

@testable import InventoryHTTP
@testable import RateLimiting
@testable import Redis
@testable import StockCache
@testable import khata

extension FuzzTarget {
    /// What Redis replies: in pieces or not, the same.
    static let replies = FuzzTarget("replies") { bytes in
        let whole = Self.replies([ByteBuffer(bytes: bytes)])
        let pieces = Self.replies(bytes.map { ByteBuffer(bytes: [$0]) })
        try require(whole == pieces, "the pieces make a difference")
        let policy = RatePolicy(permitsPerSecond: 10, burst: 20)
        let request = PermitRequest(bucket: .principal("a", .read), policy: policy, owed: 3, wanted: 5)
        for reply in whole.values {
            _ = (reply.int64, reply.string, reply.error, reply.isOfReplica, reply.isUnknownScript)
            _ = Mark(reply)
            _ = try? ServerInformation(reply).identity(database: 0)
            _ = try? SentinelAnswer([reply, reply], name: "khata")
            let slots = try? SlotMap(reply, from: .host("h", port: 1))
            try require((slots?.masters.count ?? 0) <= SlotMap.maximumMasters, "it names too many masters")
            guard let grant = PermitGrant(reply, request) else { continue }
            try require((0...5).contains(grant.granted) && (0...20).contains(grant.left), "it grants too much")
        }
    }

    private struct Replies: Equatable {
        var values: [RedisValue] = []
        var isRefused = false
    }

    private static func replies(_ pieces: [ByteBuffer]) -> Replies {
        let parser = ReplyParser(maximumReplyBytes: 4_096)
        var replies = Replies()
        do {
            for piece in pieces {
                parser.append(piece)
                while let value = try parser.next() { replies.values.append(value) }
            }
        } catch {
            replies.isRefused = true
        }
        return replies
    }

    /// A document that is genuine, but for its stamp and body, which an earlier version may have written: a response.
    static let documents = FuzzTarget("documents") { bytes in
        let history = History("h")
        let seal = DocumentSeal(CacheSecret("secret"), namespace: "n", history: history)
        var content = ByteBuffer(integer: Timestamp.now.microseconds)
        content.writeBytes(bytes)
        guard let document = seal.read(content)?.document else { return }
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/products")
        head.headerFields[.ifNoneMatch] = #""1.2-h""#
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let route = Route(.get, "/products", .reader, { _ in Response(status: .ok) }, statuses: [.ok])
        let path = try Router([route]).match(.get, "/products").path
        let context = RequestContext(
            route: route, request: request, requestID: "r", principal: Principal(id: "key:a", role: .reader),
            path: path,
            format: .json,
            parameters: try Parameters(
                of: "/products", declared: .page, path: path, reader: "key:a", headers: HTTPFields(), HTTPLimits()),
            limits: HTTPLimits(), memory: MemoryBudget(bytes: 1 << 20))
        let response = context.response((document, .hit))
        guard response.status == .ok else { return }
        let length = response.headers[.contentLength].flatMap { Int($0) }
        try require(length == document.body.readableBytes, "its length is not its body's")
    }
}
