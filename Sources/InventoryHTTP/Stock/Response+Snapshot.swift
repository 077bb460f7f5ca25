import HTTPTypes
import HummingbirdCore
import Inventory
import JSON
import NIOCore
import StockCache

extension RequestContext {
    /// The response to a read, with its position; 304 if `If-None-Match` has its tag.
    /// - Parameter tag: `nil` for a list that spans ledgers, which has no single position.
    func response<Value>(
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
        response.add(snapshot.position, in: snapshot.history)
        response.add(snapshot.unproven)
        response.headers[.cacheStatus] = snapshot.source.cacheStatus(isProven: snapshot.unproven == nil)
        return response
    }

    /// The response with a page. For one store it has a tag, with the catalog's position because names may change.
    func response<Item, Key>(
        page: Snapshot<Page<Item, Key>>, _ write: (inout JSONWriter<ByteBuffer>) -> Void
    ) -> Response {
        let tag = page.position.map { EntityTag($0, catalog: page.catalogPosition, in: page.history) }
        return response(page, tag: tag, capacity: 128 + 192 * page.value.items.count, write)
    }
}

extension Response {
    /// Adds the headers with the response's position, if it has one, and the history that it belongs to.
    mutating func add(_ position: Position?, in history: History?) {
        if let position { headers.append(HTTPField(name: .inventoryPosition, value: position.description)) }
        if let history { headers.append(HTTPField(name: .inventoryHistory, value: history.id)) }
    }

    /// Marks a response that could not be proved to be current: `unproven;age=4`, in seconds.
    mutating func add(_ unproven: Staleness?) {
        guard let unproven else { return }
        let age = unproven.provenAt.map { Int(((.now - $0) / .seconds(1)).rounded(.up)) }
        headers[.inventoryFreshness] = "unproven" + (age.map { ";age=\($0)" } ?? "")
    }
}

extension ReadSource {
    /// RFC 9211.
    func cacheStatus(isProven: Bool) -> String {
        switch (self, isProven) {
        case (.replica, true): "khata; fwd=bypass; detail=replica"
        case (.primary, true): "khata; fwd=bypass; detail=primary"
        case (_, false): "khata; fwd=bypass; detail=unproven-\(rawValue)"
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
    /// Renders a snapshot of one ledger.
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
            stamp: Stamp(
                history: snapshot.history, position: position, catalogPosition: snapshot.catalogPosition),
            body: json.output, next: next, source: snapshot.source, unproven: snapshot.unproven)
    }

    private static let blankCursor = String(repeating: "-", count: Cursor.length)

    /// The body with the reader's own cursor in place of the blank one at its end.
    fileprivate func body(_ parameters: Parameters) -> ByteBuffer {
        let end = #""}"#.utf8.count + Cursor.length
        // A cached body may be anything: check its length.
        guard let next, body.readableBytes >= end else { return body }
        var body = body
        body.setString(parameters.cursor(after: ProductID(rawValue: next)), at: body.writerIndex - end)
        return body
    }
}

extension RequestContext {
    /// The response with a document, whose stamp is its tag; 304 if `If-None-Match` has it.
    func response(_ found: (document: Document, origin: DocumentOrigin)) -> Response {
        let stamp = found.document.stamp
        return response(
            found, tag: EntityTag(stamp.position, catalog: stamp.catalogPosition, in: stamp.history))
    }

    func response(
        _ found: (document: Document, origin: DocumentOrigin), tag: EntityTag
    ) -> Response {
        let document = found.document
        var response = Response(
            status: .ok,
            headers: [
                .cacheControl: "private, no-cache", .eTag: tag.text,
                .cacheStatus: found.origin.cacheStatus(document.source, isProven: document.unproven == nil),
            ])
        response.add(document.stamp.position, in: document.stamp.history)
        response.add(document.unproven)
        if let known = request.headers.text(of: .ifNoneMatch), tag.isNamed(by: known) {
            response.status = .notModified
            return response
        }
        let body = document.body(parameters)
        response.headers.append(HTTPField(name: .contentType, value: MediaType.json.rawValue))
        // Replaces the length.
        response.body = ResponseBody(byteBuffer: body)
        return response
    }
}

extension DocumentOrigin {
    /// RFC 9211.
    fileprivate func cacheStatus(_ source: ReadSource?, isProven: Bool) -> String {
        let detail = (isProven ? "" : "unproven-") + (source?.rawValue ?? "shared")
        return switch self {
        case .hit: isProven ? "khata-redis; hit" : "khata-redis; hit; detail=unproven"
        case .miss: "khata-redis; fwd=miss; detail=\(detail)"
        case .bypass: "khata-redis; fwd=bypass; detail=\(detail)"
        case .uncached: source?.cacheStatus(isProven: isProven) ?? "khata; fwd=bypass"
        }
    }
}
