import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore
import RateLimiting
import StockEvents
import Synchronization

extension InventoryAPI {
    /// The changes to a store, or to all ledgers that the caller sees, after what it has seen.
    func listChanges(_ context: RequestContext) async throws -> Response {
        let reader = ChangeReader(self, context)
        let limit = try context.parameters.limit()
        let wait = try context.parameters.integer(.wait)
        var response: Response
        if context.format == .eventStream {
            try context.parameters.refuse([.wait])
            let lastEventID = context.request.headers[.lastEventID]
            response = try await reader.stream(
                from: try await reader.start(context.parameters, lastEventID: lastEventID), limit: limit)
        } else {
            let start = try await reader.start(context.parameters, lastEventID: nil)
            let page =
                if let wait, wait > 0 {
                    try await reader.nextPage(after: start, limit: limit, wait: .seconds(wait))
                } else {
                    try await reader.page(after: start, limit: limit)
                }
            response = Response.json(capacity: 128 + 512 * page.events.count) { reader.write(page, to: &$0) }
        }
        response.headers[.vary] = "Accept"
        return response
    }
}

/// A client that follows changes, with as little of its request as that takes: there may be thousands.
private struct ChangeReader: Sendable {
    private let feed: ChangeFeed
    private let limiter: RateLimiter?
    private let principal: Principal
    private let recheck: (@Sendable () async throws -> Void)?
    private let connection: ClientConnection
    /// `nil`: all ledgers that the caller sees.
    let store: StoreID?
    private let scope: StoreScope

    init(_ api: InventoryAPI, _ context: RequestContext) {
        feed = api.changes
        limiter = api.limiter
        principal = context.principal
        recheck = context.recheck
        connection = context.connection
        store = context.path.storeID
        scope = store.map { .only([$0]) } ?? context.principal.scope
    }

    /// Where the client stands: at `Last-Event-ID`, which a browser sends when it connects again, or at `after`.
    func start(_ parameters: Parameters, lastEventID: String?) async throws -> ChangeCursor {
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
        let after = try parameters.value(.after, expectation) { text -> ChangeCursor?? in
            if text == "latest" { return .some(nil) }
            return cursor(text).map { .some($0) }
        }
        guard let after else { return ChangeCursor() }
        if let after { return after }
        return try await asProblem { try await feed.end(of: scope) }
    }

    /// The changes that there are.
    func page(after cursor: ChangeCursor, limit: Int) async throws -> ChangePage {
        try await asProblem { try await feed.page(after: cursor, of: scope, limit: limit) }
    }

    /// Waits for the next changes, as long as the client is there.
    func nextPage(after cursor: ChangeCursor, limit: Int, wait: Duration) async throws -> ChangePage {
        let follower = follower()
        return try await checked {
            try await feed.page(after: cursor, of: scope, limit: limit, until: .now + wait, for: follower)
        }
    }

    /// Stays until the client sends no more: it may have left.
    private func follower() -> ChangeFollower {
        let follower = feed.follower()
        connection.onInputClosed { follower.leave() }
        return follower
    }

    private func checked(_ read: () async throws -> ChangePage) async throws -> ChangePage {
        let page = try await asProblem(read)
        // The key may have been revoked meanwhile.
        try await recheck?()
        return page
    }

    private func asProblem<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch LedgerError.historyChanged {
            throw Problem(
                .historyChanged,
                "The ledger does not have what you have seen: its last position is before that, or it has continued from "
                    + "another copy. Read the stock anew, and follow from there.")
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

    func stream(from start: ChangeCursor, limit: Int) async throws -> Response {
        // Before the head is sent, so that an error becomes a problem.
        let first = Mutex<ChangePage?>(try await page(after: start, limit: limit))
        return Response(
            status: .ok,
            headers: [
                .contentType: MediaType.eventStream.rawValue, .cacheControl: "no-store", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                let follower = follower()
                // Taken, or it would be kept as long as the stream.
                guard var page = first.withLock({ $0.take() }) else { return }
                try await writer.write(bytes(of: page, isFirst: true))
                while !feed.isClosed, !follower.hasLeft {
                    do {
                        if page.events.isEmpty {
                            try await feed.wait(follower, after: page, until: .now + Self.heartbeat)
                        }
                        // Each page is a read, whoever asks for it.
                        while !feed.isClosed, !follower.hasLeft, let pause = pause() {
                            try await Task.sleep(for: pause)
                        }
                        // In a task of its own, which gives its memory back: a stream does little but wait.
                        page = try await Task { [cursor = page.cursor] in
                            try await checked { try await feed.page(after: cursor, of: scope, limit: limit) }
                        }.value
                        try await writer.write(bytes(of: page))
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

    /// Charges a read.
    /// - Returns: How long to wait first, if that exceeds the rate.
    private func pause() -> Duration? {
        guard let decision = limiter?.admit(principal, .read), !decision.isAdmitted else { return nil }
        return .seconds(decision.retryAfter)
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
