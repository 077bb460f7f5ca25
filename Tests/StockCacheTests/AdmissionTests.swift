import Inventory
import InventoryTesting
import LedgerTesting
import NIOCore
import PostgresLedger
import ServerTesting
import Testing

@testable import StockCache

@Suite("What is stored", .serialized)
struct AdmissionTests {
    private func key(_ number: Int) -> DocumentKey {
        DocumentKey(storeID: .one, name: "stock\nlimit=1000\nbelow=\(number)")
    }

    private func document(bytes: Int) -> Document {
        Document(
            stamp: Stamp(history: History("h"), position: .zero, catalogPosition: .zero),
            body: ByteBuffer(repeating: 0, count: bytes), source: .primary)
    }

    @Test("a document is stored when it is missed for the second time, unless it is large")
    func secondMiss() {
        let admission = DocumentAdmission()
        for number in 0..<10_000 {
            admission.noteMiss(key(number))
            #expect(!admission.expects(key(number), for: "a", isStored: false))
            #expect(!admission.admits(document(bytes: 100), key(number), for: "a", isStored: false))
        }
        admission.noteMiss(key(0))
        #expect(admission.expects(key(0), for: "a", isStored: false))
        #expect(admission.admits(document(bytes: 100), key(0), for: "a", isStored: false))
        let large = document(bytes: DocumentAdmission.maximumBytes + 1)
        #expect(!admission.admits(large, key(0), for: "a", isStored: true))
        // What is warmed is stored in any case, and a newer version in place of an older one.
        #expect(admission.admits(large, key(-1), for: nil, isStored: false))
        #expect(admission.admits(document(bytes: 100), key(-1), for: "a", isStored: true))
    }

    @Test("what was missed long ago is forgotten: memory is bounded")
    func forgotten() {
        let admission = DocumentAdmission()
        for number in 0..<100_000 { admission.noteMiss(key(number)) }
        admission.noteMiss(key(0))
        #expect(!admission.admits(document(bytes: 1), key(0), for: "a", isStored: false))
        admission.noteMiss(key(99_000))
        #expect(admission.admits(document(bytes: 1), key(99_000), for: "a", isStored: false))
    }

    @Test("a reader stores so much in a minute, however often they ask; others and the next minute are not affected")
    func share() {
        let admission = DocumentAdmission()
        let start = ContinuousClock.now
        func stored(by reader: String, at now: ContinuousClock.Instant) -> Int {
            (0..<1_000).filter { number in
                for _ in 0..<2 { admission.noteMiss(key(number)) }
                return admission.admits(document(bytes: 100_000), key(number), for: reader, isStored: false, at: now)
            }.count * 100_000
        }
        let share = (DocumentAdmission.bytesPerMinute - 200_000)...DocumentAdmission.bytesPerMinute
        #expect(share.contains(stored(by: "a", at: start)))
        #expect(stored(by: "a", at: start + .seconds(30)) == 0)
        #expect(share.contains(stored(by: "b", at: start + .seconds(30))))
        #expect(share.contains(stored(by: "a", at: start + .seconds(61))))
    }

    @Test("small documents with long names are counted as what they take of Redis")
    func names() {
        let admission = DocumentAdmission()
        let now = ContinuousClock.now
        let stored = (0..<10_000).count { number in
            let key = DocumentKey(storeID: .one, name: String(repeating: "q", count: 1_000) + "\(number)")
            for _ in 0..<2 { admission.noteMiss(key) }
            return admission.admits(document(bytes: 31), key, for: "a", isStored: false, at: now)
        }
        // Measured in Redis 7.0: 2 kB each.
        #expect(stored * 2_000 < DocumentAdmission.bytesPerMinute)
    }

    @Test("a reader who asks for many pages once leaves nothing in Redis; what is asked for again is a hit then")
    func once() async throws {
        try await withInstances { one, _, redis in
            try await eventually("a hit at the third time") {
                let documents = try await redis.keys("*:doc:*").count
                let fills = one.fills.value
                var origins: [DocumentOrigin] = []
                _ = try await one.ledger.record(.stockIn(1), .testing)
                let name = "stock\nbelow=\(UInt64.random(in: 0 ... .max))"
                for _ in 0..<3 {
                    let read = try await one.documents.document(
                        DocumentKey(storeID: .one, name: name), for: "reader", atLeast: nil
                    ) { [ledger = one.ledger] freshness throws(LedgerError) in
                        Document(try await ledger.stock(StockQuery(storeID: .one), freshness), "stock")
                    }
                    origins.append(read.origin)
                    if origins.count == 1 {
                        #expect(try await redis.keys("*:doc:*").count == documents)
                        #expect(one.fills.value == fills)
                    }
                }
                #expect(try await redis.keys("*:fill:*").isEmpty)
                guard origins == [.miss, .miss, .hit] else { return false }
                #expect(one.fills.value == fills + 1)
                return true
            }
        }
    }
}
