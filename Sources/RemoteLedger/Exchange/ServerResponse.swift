import Inventory
import InventoryContract
import JSON
import NIOCore
import NIOHTTP1

/// A server's response.
struct ServerResponse: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The problem, if the response is one of the contract's.
    var problem: RemoteProblem? { isSuccess ? nil : try? RemoteProblem(fields()) }

    /// The body's fields.
    func fields() throws(UnreadableData) -> ObjectFields {
        // Without a throwing closure, whose error type the standard library would erase.
        let result = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        guard case .success(let value) = result else { throw UnreadableData("it is not JSON") }
        return try ObjectFields(value)
    }

    /// The position at which the response was read or recorded.
    var position: Position? {
        headers.first(name: HeaderName.position).flatMap(Int64.init).map(Position.init(rawValue:))
    }

    /// The history of the positions; an empty one if the server does not send it.
    var history: History { History(headers.first(name: HeaderName.history) ?? "") }

    /// The numbers of the `ETag`: `"42.7-history"` is position 42 of a store with names from position 7 of the catalog;
    /// `"7-history"` is of the catalog.
    var tag: [Position] {
        guard let tag = headers.first(name: "ETag")?.dropFirst().dropLast().prefix(while: { $0 != "-" }) else {
            return []
        }
        return tag.split(separator: ".").compactMap { Int64($0) }.map(Position.init(rawValue:))
    }

    /// How old a response may be that the server could not prove to be current: `unproven;age=4`.
    var unproven: Staleness? {
        guard let freshness = headers.first(name: HeaderName.freshness), freshness.hasPrefix("unproven") else {
            return nil
        }
        let age = freshness.split(separator: "=").last.flatMap { Int($0) }
        return Staleness(provenAt: age.map { .now - .seconds($0) })
    }

    /// A cache hit is an earlier read: it counts as one from a replica.
    var source: ReadSource {
        headers.first(name: HeaderName.cacheStatus)?.hasSuffix("detail=primary") == true ? .primary : .replica
    }

    var isReplay: Bool { headers.first(name: HeaderName.idempotentReplayed) == "true" }

    /// In seconds; the contract never uses a date.
    var retryAfter: Duration? {
        headers.first(name: "Retry-After").flatMap(Int64.init).map { .seconds(max(0, $0)) }
    }
}
