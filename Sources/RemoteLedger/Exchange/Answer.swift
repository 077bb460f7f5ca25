import Inventory
import InventoryJSON
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
    func fields() throws(UnexpectedAnswer) -> AnswerFields {
        // Without a closure that throws, whose error the standard library would erase.
        let result = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        guard case .success(let value) = result else { throw UnexpectedAnswer("it is not JSON") }
        return try AnswerFields(value)
    }

    /// The position that the answer was read or recorded at.
    var position: Position? {
        headers.first(name: "Inventory-Position").flatMap(Int64.init).map(Position.init(rawValue:))
    }

    /// The numbers of the tag: `"42.7"` is position 42 of a store with names from position 7 of the catalog; `"7"` is of
    /// the catalog.
    var tag: [Position] {
        guard let tag = headers.first(name: "ETag") else { return [] }
        return tag.dropFirst().dropLast().split(separator: ".").compactMap { Int64($0) }.map(Position.init(rawValue:))
    }

    /// A hit of the cache is somebody's earlier read: it counts as a replica's.
    var source: ReadSource {
        headers.first(name: "Cache-Status")?.hasSuffix("detail=primary") == true ? .primary : .replica
    }

    var isReplay: Bool { headers.first(name: "Idempotent-Replayed") == "true" }

    /// Seconds; the contract never answers with a date.
    var retryAfter: Duration? {
        headers.first(name: "Retry-After").flatMap(Int64.init).map { .seconds(max(0, $0)) }
    }
}

/// An answer that is not the contract's: from a proxy, or from another service.
struct UnexpectedAnswer: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
