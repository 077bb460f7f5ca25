import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import Redis
import ServerTesting
import Synchronization
import Testing

@testable import StockCache

/// Processes take turns at reading a document.
@Suite("Turns", .serialized)
struct TurnTests {
    @Test("who finds another process filling a document takes what that brings, without a read of its own")
    func leased() async throws {
        try await withInstances { one, two, redis in
            _ = try await two.read(.one)
            try await eventually("the lease is taken") {
                _ = try await one.ledger.record(.stockIn(1), .testing)
                guard let documents = one.cache.parts[0].trustedDocuments,
                    (try? await documents.lease(.read(.one), nonce: "other")) == true
                else { return false }
                return try await takes(two, whatIsFilledIn: documents, redis, one)
            }
        }
    }

    @Test("who finds another process finding out a mark takes what that brings, without a read of its own")
    func claimed() async throws {
        try await withInstances { one, two, redis in
            _ = try await two.read(.one)
            try await eventually("the lease is taken") {
                guard let documents = one.cache.parts[0].trustedDocuments,
                    let mark = try await redis.keys("*:{0}:1:mark").first
                else { return false }
                try await redis.command("DEL", .string(mark))
                guard (try? await documents.claim(.one, nonce: "other")) == true else { return false }
                return try await takes(two, whatIsFilledIn: documents, redis, one)
            }
        }
    }

    /// Whether a reader that began to wait was served from what the other process, whose nonce is `other`, fills.
    private func takes(
        _ reader: Instance, whatIsFilledIn documents: RedisDocuments, _ redis: RedisServer, _ other: Instance
    ) async throws -> Bool {
        let stock = try await other.ledger.stock(StockQuery(storeID: .one), Freshness(isFromPrimary: true))
        let looks = try await redis.calls("hmget")
        let isDone = Mutex(false)
        async let read = {
            defer { isDone.withLock { $0 = true } }
            return try await reader.read(.one)
        }()
        // It does not, if it does not trust the cache at the moment.
        try await eventually("the others look again") {
            if isDone.withLock({ $0 }) { return true }
            return try await redis.calls("hmget") >= looks + 2
        }
        _ = try? await documents.fill(
            .read(.one), Document(stock, "filled by the other"), nonce: "other", isAdmitted: true)
        let (document, origin) = try await read
        #expect(document.stamp.position == stock.position)
        return origin == .miss && document.source == nil
    }

    @Test("a process that dies holding the lease holds nobody up, and keeps it until it ends by itself")
    func abandoned() async throws {
        try await withInstances { one, two, redis in
            try await eventually("the replica is read") {
                _ = try await two.read(.one)
                let recorded = try await one.ledger.record(.stockIn(1), .testing).value
                guard let documents = one.cache.parts[0].trustedDocuments,
                    (try? await documents.lease(.read(.one), nonce: "dead")) == true
                else { return false }
                let read = try await two.read(.one)
                #expect(read.document.onHand == recorded.onHand)
                guard read.origin == .miss else { return false }
                let stillHeld = try await redis.keys("*:{0}:1:fill:stock").count == 1
                return try await two.read(.one).origin == .hit && stillHeld
            }
        }
    }

    @Test("a flight that completed leaves no lease; one that brings nothing leaves no claim either")
    func nothingIsLeft() async throws {
        try await withInstances { one, two, redis in
            try await eventually("the lease is gone", within: .seconds(20)) {
                // With the mark known, what is outdated takes a lease and no claim.
                _ = try await two.read(.one)
                _ = try await one.ledger.record(.stockIn(1), .testing)
                guard try await two.read(.one).origin == .miss else { return false }
                let unknown = ProductID(rawValue: 999)
                await #expect(throws: LedgerError.self) { try await two.read(.one, unknown) }
                return try await redis.keys("*:fill:*").isEmpty
            }
            await #expect(throws: LedgerError.self) { try await two.read(StoreID(rawValue: 9)) }
            #expect(try await redis.keys("*{9}*").isEmpty)
        }
    }
}
