import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import StockEvents

@testable import InventoryHTTP

extension FuzzTarget {
    /// The bytes of a connection, up to where a request is complete: cut in two or not, the same arrives.
    static let requests = FuzzTarget("requests") { bytes in
        let whole = try Connection.parts(of: [ByteBuffer(bytes: bytes)])
        let cut = bytes.count / 2
        let halves = try Connection.parts(of: [ByteBuffer(bytes: bytes[..<cut]), ByteBuffer(bytes: bytes[cut...])])
        try require(whole == halves, "the pieces make a difference")
    }

    /// Paths and queries: each route's values are read, and its cursors lead back to where they come from.
    static let targets = FuzzTarget(
        "targets",
        text: { target in
            let path = Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") })
            let match = try router.match(.get, path)
            let limits = HTTPLimits()
            let parameters = try Parameters(
                of: target, declared: QueryParameter.allCases, path: match.path, reader: "key:a", headers: HTTPFields(),
                limits)
            for parameter in QueryParameter.allCases {
                switch parameter.values {
                case .cursor: _ = try? parameters.cursor() as EntryKey?
                case .pageLength: _ = try? parameters.limit()
                case .integer: _ = try? parameters.integer(parameter)
                case .text: _ = try? parameters.text(parameter)
                case .time: _ = try? parameters.time(parameter)
                case .oneOf: _ = try? parameters.choice(parameter) { $0 }
                case .changeCursor: _ = try? parameters.value(parameter, "is one") { ChangeCursor($0) }
                }
            }
            _ = try? parameters.period()
            _ = try? parameters.minimum(in: nil)
            let key = EntryKey(storeID: StoreID(rawValue: Int64(target.utf8.count)), position: Position(rawValue: 1))
            let next = try? Parameters(
                of: "\(path)?cursor=\(parameters.cursor(after: key))", declared: [.cursor], path: match.path,
                reader: "key:a", headers: HTTPFields(), limits)
            if !target.utf8.contains(UInt8(ascii: "?")) {
                try require(try next?.cursor() == key, "the cursor is not valid")
            }
        })

    /// The headers that are parsed: what a condition names strongly, it names weakly, too.
    static let conditions = FuzzTarget(
        "conditions",
        text: { header in
            if case .oneOf(let versions) = VersionCondition(ifMatch: header) {
                for version in versions {
                    try require(EntityTag(version).isNamed(by: header), "\(version) is named only strongly")
                }
            }
            _ = MediaType.preferred(of: [.json, .csv], by: header)
            _ = MediaType.isJSON(header)
            _ = RequestID.takenOver(from: header)
            if let key = unquotedKey(in: header) { try require(IdempotencyKey.isValid(key[...]), "the key is invalid") }
        })

    /// The first 16 bytes are a key; the rest is a cursor.
    static let cursors = FuzzTarget("cursors") { bytes in
        let numbers = [bytes.prefix(8), bytes.dropFirst(8).prefix(8)].map { $0.reduce(0) { $0 << 8 | Int64($1) } }
        let key = EntryKey(numbers: (numbers[0], numbers[1]))
        let valid: EntryKey? = Cursor.key(in: Cursor.text(of: key, in: "scope"), of: "scope")
        try require(valid == key, "it is another key")
        let text = String(decoding: bytes.dropFirst(16), as: UTF8.self)
        guard let found: EntryKey = Cursor.key(in: text, of: "scope") else { return }
        try require(Cursor.text(of: found, in: "scope") == text, "it has two spellings")
    }

    /// Where readers of changes stand.
    static let changeCursors = FuzzTarget(
        "changeCursors",
        text: { text in
            _ = ChangeCursor(text, of: StoreID(rawValue: 1))
            guard let cursor = ChangeCursor(text) else { return }
            try require(ChangeCursor(cursor.text) == cursor, "it is read as another one")
        })

    /// Bodies of every route, after their JSON.
    static let bodies = FuzzTarget("bodies") { bytes in
        let fields = try JSONBody(bytes: ByteBuffer(bytes: bytes), hold: nil).fields()
        let path = try router.match(.get, "/stores/1/stock").path
        let declared: [any DeclaredBody.Type] = [
            MovementBody.self, TransferBody.self, BatchBody.self, ProductBody.self, StoreBody.self, KeyBody.self,
            RotationBody.self, PasswordBody.self, MovementByName.self, WarmingBody.self,
        ]
        for body in declared {
            var fields = fields
            do throws(Problem) {
                _ = try fields.reading { body.init(&$0, path, HTTPLimits()) }
            } catch {
                try require(error.body("id").readableBytes < 1 << 20, "the problem is too long")
            }
        }
    }

    private static let router = Router(
        [
            "/products", "/products/{product_id}", "/stores/{store_id}/stock", "/stock/{product}",
            "/admin/keys/{key_id}",
            "/admin/cache/warm/{job_id}",
        ].map { Route(.get, $0, .reader, { _ in Response(status: .ok) }, statuses: [.ok]) })
}

/// The handlers of a connection that read requests.
private enum Connection {
    /// - Returns: What arrives, with bodies in one piece, and what is sent, without the id of the request.
    static func parts(of pieces: [ByteBuffer]) throws -> [String] {
        let channel = EmbeddedChannel()
        let limits = HTTPLimits()
        let handlers = channel.pipeline.syncOperations
        try handlers.addHandler(
            ConnectionMeter(
                ConnectionPace(limits.connections, isEncrypted: false),
                ConnectionWatch(channel.embeddedEventLoop, limits.connections), MemoryBudget(bytes: 1 << 20)))
        try handlers.addHandler(ResponseOutlet())
        try handlers.addHandler(HTTPResponseEncoder())
        let decoder = RequestDecoder(limits)
        try handlers.addHandler(ByteToMessageHandler(decoder))
        try handlers.addHandler(RequestPersistence(decoder))
        try handlers.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try handlers.addHandler(ConnectionGuard(limits: limits, securityHeaders: []))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for piece in pieces {
            channel.pipeline.read()
            _ = try? channel.writeInbound(piece)
        }
        var parts: [String] = []
        var body = ByteBuffer()
        while let part = try channel.readInbound(as: HTTPRequestPart.self) {
            switch part {
            case .head(let head): parts.append("\(head.method) \(head.path ?? "") \(head.headerFields)")
            case .body(let bytes): body.writeImmutableBuffer(bytes)
            case .end:
                parts.append("\(body.readableBytesView)")
                body.clear()
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return parts
    }
}
