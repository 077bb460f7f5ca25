import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore
import StockEvents

extension InventoryAPI {
    /// The changes to a store, or to all ledgers that the caller sees, after what it has seen.
    func listChanges(_ context: RequestContext) async throws -> Response {
        let reader = ChangeReader(api: self, context)
        let limit = try context.parameters.limit()
        let wait = try context.parameters.integer(.wait)
        var response: Response
        if context.format == .eventStream {
            try context.parameters.refuse([.wait])
            response = try await reader.stream(limit: limit)
        } else {
            let start = try await reader.start(lastEventID: nil)
            let page =
                if let wait, wait > 0 {
                    try await reader.nextPage(after: start, limit: limit, wait: .seconds(wait)).page
                } else {
                    try await reader.page(after: start, limit: limit)
                }
            response = Response.json(capacity: 128 + 512 * page.events.count) { reader.write(page, to: &$0) }
        }
        response.headers[.vary] = "Accept"
        return response
    }
}

/// A client that follows changes.
private struct ChangeReader: Sendable {
    let api: InventoryAPI
    private var feed: ChangeFeed { api.changes }
    /// `nil`: all ledgers that the caller sees.
    let store: StoreID?
    private let scope: StoreScope
    private let context: RequestContext

    init(api: InventoryAPI, _ context: RequestContext) {
        self.api = api
        self.context = context
        store = context.path.storeID
        scope = store.map { .only([$0]) } ?? context.principal.scope
    }

    /// Where the client stands: at `Last-Event-ID`, which a browser sends when it connects again, or at `after`.
    func start(lastEventID: String?) async throws -> ChangeCursor {
        func cursor(_ text: String) -> ChangeCursor? {
            if let store { ChangeCursor(text, of: store) } else { ChangeCursor(text) }
        }
        if let lastEventID {
            guard let cursor = cursor(lastEventID) else {
                throw Problem(invalid: "Last-Event-ID", "must be the id of an event of this stream")
            }
            return cursor
        }
        let expectation =
            store == nil
            ? "must be a next_after of this list, or latest"
            : "must be a position, the id of an event of this store, or latest"
        let after = try context.parameters.value(.after, expectation) { text -> ChangeCursor?? in
            if text == "latest" { return .some(nil) }
            return cursor(text).map { .some($0) }
        }
        guard let after else { return ChangeCursor() }
        if let after { return after }
        return try await asProblem { try await feed.end(of: scope) }
    }

    /// The changes that there are.
    func page(after cursor: ChangeCursor, limit: Int) async throws -> ChangePage {
        try await asProblem { try await feed.page(after: cursor, of: scope, limit: limit, until: .now) }
    }

    /// Waits for the next changes, as long as the client is there.
    func nextPage(
        after cursor: ChangeCursor, limit: Int, wait: Duration
    ) async throws -> (page: ChangePage, isInputClosed: Bool) {
        let waiting = Task { try await feed.page(after: cursor, of: scope, limit: limit, until: .now + wait) }
        context.onInputClosed { waiting.cancel() }
        let page = try await asProblem { try await waiting.value }
        // The key may have been revoked meanwhile.
        try await context.recheck?()
        return (page, waiting.isCancelled)
    }

    private func asProblem<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch LedgerError.historyChanged {
            throw Problem(
                .historyChanged,
                "The ledger does not have what you have seen: it has continued from another copy. Read the stock anew, and "
                    + "follow from there.")
        } catch is TooManyLedgers {
            throw Problem(
                .badRequest,
                "These are more than \(ChangeCursor.maximumLedgers) ledgers: follow each store, or use a key for some.")
        }
    }

    func write(_ page: ChangePage, to json: inout JSONWriter<ByteBuffer>) {
        json.openObject()
        json.key("items")
        json.openArray()
        for event in page.events { event.write(to: &json) }
        json.closeArray()
        if let store {
            json.field("next_after", page.cursor.position(of: store))
            json.field("next_id", page.cursor.eventID(of: store))
        } else {
            json.field("next_after", page.cursor.text)
        }
        json.closeObject()
    }
}

// Server-Sent Events (HTML Living Standard, section 9.2).
extension ChangeReader {
    /// A client, or a proxy on the way to it, takes a silent connection for a dead one.
    private static let heartbeat = Duration.seconds(15)
    private static let pauseAfterFailure = Duration.seconds(1)

    func stream(limit: Int) async throws -> Response {
        // Before the head is sent, so that an error becomes a problem.
        let start = try await start(lastEventID: context.request.headers[.lastEventID])
        let first = try await page(after: start, limit: limit)
        return Response(
            status: .ok,
            headers: [
                .contentType: MediaType.eventStream.rawValue, .cacheControl: "no-store", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                try await writer.write(bytes(of: first, isFirst: true))
                var cursor = first.cursor
                while !feed.isClosed {
                    do {
                        // Each page is a read, whoever asks for it.
                        while let pause = api.pause(before: context) { try await Task.sleep(for: pause) }
                        let next = try await nextPage(after: cursor, limit: limit, wait: Self.heartbeat)
                        try await writer.write(bytes(of: next.page))
                        guard !next.isInputClosed else { break }
                        cursor = next.page.cursor
                    } catch LedgerError.unavailable, LedgerError.overloaded {
                        try await Task.sleep(for: Self.pauseAfterFailure)
                        try await writer.write(Self.comment)
                    } catch is Problem {
                        // The client connects again, and is told then.
                        break
                    }
                }
                try await writer.finish(nil)
            })
    }

    private func id(after page: ChangePage) -> String {
        store.map { page.cursor.eventID(of: $0) } ?? page.cursor.text
    }

    /// A comment, which clients ignore.
    private static let comment = ByteBuffer(string: ":\n\n")

    private func bytes(of page: ChangePage, isFirst: Bool = false) -> ByteBuffer {
        guard !page.events.isEmpty || isFirst else { return Self.comment }
        var bytes = ByteBufferAllocator().buffer(capacity: 64 + 512 * page.events.count)
        if isFirst {
            // With an id, so that a client that loses the connection before the first event misses none.
            let id = page.events.isEmpty ? "id: \(id(after: page))\n" : ""
            bytes.writeString("retry: 1000\n\(id)\n")
        }
        for (index, event) in page.events.enumerated() {
            if store != nil {
                bytes.writeString("id: \(event.id)\n")
            } else if index == page.events.count - 1 {
                // The whole page has one cursor: what was lost with the connection comes again, with the same ids.
                bytes.writeString("id: \(id(after: page))\n")
            }
            bytes.writeStaticString("data: ")
            // Swapped, because a second reference would copy the buffer.
            var json = JSONWriter(output: ByteBuffer())
            swap(&json.output, &bytes)
            event.write(to: &json)
            swap(&json.output, &bytes)
            bytes.writeStaticString("\n\n")
        }
        return bytes
    }
}
