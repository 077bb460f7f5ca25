import HTTPTypes
import HummingbirdCore
import Inventory
import NIOCore
import StockCache

extension Call {
    /// The answer to a read: with its position and, if it has a tag, 304 to who has it already.
    /// - Parameter tag: `nil` for a list that spans ledgers, which no one position describes.
    func answer<Value>(
        _ snapshot: Snapshot<Value>, tag: EntityTag?, capacity: Int = 256,
        _ write: (inout JSONWriter<ByteBuffer>) -> Void
    ) -> Response {
        let cacheControl = tag == nil ? "no-store" : "private, no-cache"
        var response =
            if let tag, let known = request.headers.text(of: .ifNoneMatch), tag.isNamed(by: known) {
                Response(status: .notModified, headers: [.cacheControl: cacheControl])
            } else {
                Response.json(capacity: capacity, cacheControl: cacheControl, write)
            }
        if let tag { response.headers[.eTag] = tag.text }
        if let position = snapshot.position { response.headers[.inventoryPosition] = position.description }
        response.headers[.cacheStatus] = snapshot.source.cacheStatus
        return response
    }

    /// The answer to a page of one store, whose tag also tells of names that changed; or of several stores.
    func answer<Item, Key>(
        page: Snapshot<Page<Item, Key>>, _ write: (inout JSONWriter<ByteBuffer>) -> Void
    ) -> Response {
        let tag = page.position.map { EntityTag($0, catalog: page.catalogPosition) }
        return answer(page, tag: tag, capacity: 128 + 192 * page.value.items.count, write)
    }
}

extension ReadSource {
    /// RFC 9211.
    var cacheStatus: String {
        switch self {
        case .replica: "khata; fwd=bypass; detail=replica"
        case .primary: "khata; fwd=bypass; detail=primary"
        }
    }
}

extension JSONWriter {
    /// `"items": […], "next_cursor": …`
    mutating func page<Item, Key>(
        _ page: Page<Item, Key>, cursor: (Key) -> String, _ write: (inout JSONWriter, Item) -> Void
    ) {
        key("items")
        openArray()
        for item in page.items { write(&self, item) }
        closeArray()
        nullableField("next_cursor", page.next.map(cursor))
    }
}

extension Document {
    /// Renders what a snapshot of one ledger says.
    init<Value>(_ snapshot: Snapshot<Value>, _ write: (inout JSONWriter<ByteBuffer>) -> Void) {
        self.init(snapshot, capacity: 256, next: nil, write)
    }

    /// Renders a page of one ledger.
    /// - Parameter write: Writes what precedes the items.
    init<Item, ID: LedgerNumber>(
        page snapshot: Snapshot<Page<Item, ID>>, _ write: (inout JSONWriter<ByteBuffer>) -> Void = { _ in },
        item: (inout JSONWriter<ByteBuffer>, Item) -> Void
    ) {
        let page = snapshot.value
        self.init(snapshot, capacity: 128 + 192 * page.items.count, next: page.next?.rawValue) { json in
            json.openObject()
            write(&json)
            json.page(page, cursor: { _ in Self.blankCursor }, item)
            json.closeObject()
        }
    }

    private init<Value>(
        _ snapshot: Snapshot<Value>, capacity: Int, next: Int64?, _ write: (inout JSONWriter<ByteBuffer>) -> Void
    ) {
        guard let position = snapshot.position else { preconditionFailure("a document is about one ledger") }
        var json = JSONWriter(output: ByteBufferAllocator().buffer(capacity: capacity))
        write(&json)
        self.init(
            stamp: Stamp(position: position, catalogPosition: snapshot.catalogPosition), body: json.output,
            next: next, source: snapshot.source)
    }

    private static let blankCursor = String(repeating: "-", count: Cursor.length)

    /// The body with the cursor, which is the last thing in it, for one reader.
    fileprivate func body(_ parameters: Parameters) -> ByteBuffer {
        let end = #""}"#.utf8.count + Cursor.length
        // What comes from the cache may be anything.
        guard let next, body.readableBytes >= end else { return body }
        var body = body
        body.setString(parameters.cursor(after: ProductID(rawValue: next)), at: body.writerIndex - end)
        return body
    }
}

extension Call {
    /// The answer with a document, whose stamp is its tag: who has it already is told so without a look at the body.
    func answer(_ found: (document: Document, origin: DocumentOrigin), _ parameters: Parameters) -> Response {
        let stamp = found.document.stamp
        return answer(found, parameters, tag: EntityTag(stamp.position, catalog: stamp.catalogPosition))
    }

    func answer(
        _ found: (document: Document, origin: DocumentOrigin), _ parameters: Parameters, tag: EntityTag
    ) -> Response {
        var headers: HTTPFields = [
            .cacheControl: "private, no-cache", .eTag: tag.text,
            .inventoryPosition: found.document.stamp.position.description,
            .cacheStatus: found.origin.cacheStatus(found.document.source),
        ]
        if let known = request.headers.text(of: .ifNoneMatch), tag.isNamed(by: known) {
            return Response(status: .notModified, headers: headers)
        }
        let body = found.document.body(parameters)
        headers.append(HTTPField(name: .contentType, value: MediaType.json.rawValue))
        headers.append(HTTPField(name: .contentLength, value: String(body.readableBytes)))
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension DocumentOrigin {
    /// RFC 9211.
    fileprivate func cacheStatus(_ source: ReadSource?) -> String {
        switch self {
        case .hit: "khata-redis; hit"
        case .miss: "khata-redis; fwd=miss; detail=\(source?.rawValue ?? "shared")"
        case .bypass: "khata-redis; fwd=bypass; detail=\(source?.rawValue ?? "shared")"
        case .uncached: source?.cacheStatus ?? "khata; fwd=bypass"
        }
    }
}
