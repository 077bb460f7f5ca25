import Inventory
import InventoryContract
import JSON
import NIOCore
import NIOHTTP1

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer

    var isSuccess: Bool { (200..<300).contains(status) }

    /// What is wrong, if the answer is a problem of the contract.
    var problem: Problem? { isSuccess ? nil : try? Problem(fields()) }

    /// The body's fields.
    func fields() throws(UnreadableData) -> ObjectFields {
        // Without a closure that throws, whose error the standard library would erase.
        let result = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        guard case .success(let value) = result else { throw UnreadableData("it is not JSON") }
        return try ObjectFields(value)
    }

    /// The position that the answer was read or recorded at.
    var position: Position? {
        headers.first(name: HeaderName.position).flatMap(Int64.init).map(Position.init(rawValue:))
    }

    /// The history that the positions belong to; an empty one if the server does not tell it.
    var history: History { History(headers.first(name: HeaderName.history) ?? "") }

    /// The numbers of the tag: `"42.7-history"` is position 42 of a store with names from position 7 of the catalog;
    /// `"7-history"` is of the catalog.
    var tag: [Position] {
        guard let tag = headers.first(name: "ETag")?.dropFirst().dropLast().prefix(while: { $0 != "-" }) else {
            return []
        }
        return tag.split(separator: ".").compactMap { Int64($0) }.map(Position.init(rawValue:))
    }

    /// What is known of an answer that the server could not prove to be current: `unproven;age=4`.
    var unproven: Staleness? {
        guard let freshness = headers.first(name: HeaderName.freshness), freshness.hasPrefix("unproven") else {
            return nil
        }
        let age = freshness.split(separator: "=").last.flatMap { Int($0) }
        return Staleness(provenAt: age.map { .now - .seconds($0) })
    }

    /// A hit of the cache is somebody's earlier read: it counts as a replica's.
    var source: ReadSource {
        headers.first(name: HeaderName.cacheStatus)?.hasSuffix("detail=primary") == true ? .primary : .replica
    }

    var isReplay: Bool { headers.first(name: HeaderName.idempotentReplayed) == "true" }

    /// Seconds; the contract never answers with a date.
    var retryAfter: Duration? {
        headers.first(name: "Retry-After").flatMap(Int64.init).map { .seconds(max(0, $0)) }
    }
}
