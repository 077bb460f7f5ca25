import Inventory
import InventoryTesting
import NIOCore
import PostgresLedger
import Redis
import ServerTesting
import Testing

@testable import StockCache

/// Somebody else writes to Redis.
@Suite("Forged documents", .serialized)
struct ForgeryTests {
    private static let hour: Int64 = 3_600_000_000

    @Test("a document that was forged, changed, moved from another key or kept from an hour ago is not served")
    func documents() async throws {
        try await withInstances { one, two, redis in
            _ = try await one.ledger.record(.stockIn(1), .testing)
            let forgeries: [@Sendable (RedisDocuments, ByteBuffer, Document) -> ByteBuffer] = [
                { _, _, _ in
                    var bytes = ByteBuffer()
                    bytes.writeMultipleIntegers(Int64(1) << 60, Int64(1) << 60, Int64(5))
                    bytes.writeString("{}")
                    return bytes
                },
                { _, _, _ in ByteBuffer(string: "999") },
                { _, genuine, _ in
                    var changed = genuine
                    changed.setString("9", at: genuine.writerIndex - 1)
                    return changed
                },
                { documents, _, document in documents.seal.seal(document, "another key", renderedAt: .now) },
                { documents, _, document in
                    let time = Timestamp(microseconds: Timestamp.now.microseconds - Self.hour)
                    return documents.seal.seal(document, "\(documents.namespace):{0}:1:doc:stock", renderedAt: time)
                },
            ]
            for forge in forgeries {
                try await eventually("a forgery is read") {
                    // With a new stamp, it is not among those in this process's memory.
                    let recorded = try await one.ledger.record(.stockIn(1), .testing).value
                    let genuine = try await one.read(.one).document
                    guard let documents = two.cache.parts[0].trustedDocuments,
                        let key = try await redis.keys("\(documents.namespace):{0}:1:doc:stock").first,
                        let stored = try await redis.command("GET", .string(key))?.bytes
                    else { return false }
                    let other = Document(stamp: genuine.stamp, body: ByteBuffer(string: "999"), source: nil)
                    try await redis.command("SET", .string(key), .bytes(forge(documents, stored, other)))
                    let read = try await two.read(.one)
                    #expect(read.document.onHand == recorded.onHand)
                    return read.origin == .miss
                }
            }
        }
    }

    @Test("what is put back with its marks is served for as long as it may be in Redis, and is what it was")
    func putBack() async throws {
        try await withInstances { one, two, redis in
            try await eventually("it is put back") {
                let before = try await one.ledger.record(.stockIn(1), .testing).value
                guard try await one.read(.one).origin == .miss, try await one.read(.one).origin == .hit,
                    let namespace = one.cache.parts[0].trustedDocuments?.namespace
                else { return false }
                var kept: [(key: String, value: RedisValue)] = []
                for key in ["\(namespace):{0}:1:mark", "\(namespace):{0}:1:doc:stock"] {
                    kept.append((key, try #require(try await redis.command("DUMP", .string(key)))))
                }
                _ = try await one.ledger.record(.stockIn(1), .testing)
                for (key, value) in kept {
                    try await redis.command(
                        "RESTORE", .string(key), "0", .bytes(try #require(value.bytes)), "REPLACE")
                }
                let read = try await two.read(.one)
                return read.origin == .hit && read.document.onHand == before.onHand
            }
        }
    }
}
