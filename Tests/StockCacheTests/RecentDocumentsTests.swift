import Inventory
import InventoryTesting
import NIOCore
import Testing

@testable import StockCache

@Suite("Recent documents")
struct RecentDocumentsTests {
    private func document(_ position: Int64, catalog: Int64 = 1, bytes: Int = 10) -> Document {
        Document(
            stamp: Stamp(
                history: History("h"), position: Position(rawValue: position),
                catalogPosition: Position(rawValue: catalog)),
            body: ByteBuffer(repeating: 0, count: bytes), source: .primary)
    }

    private func key(_ number: Int) -> DocumentKey {
        DocumentKey(storeID: StoreID(rawValue: Int64(number)), name: "stock")
    }

    @Test("documents are told apart byte by byte, as Redis does it")
    func composed() {
        let names = ["stock\ncategory=caf\u{E9}", "stock\ncategory=cafe\u{301}"]
        let keys = names.map { DocumentKey(storeID: .one, name: $0) }
        #expect(keys[0] != keys[1] && keys[0] == DocumentKey(storeID: .one, name: names[0]))
        let recent = RecentDocuments(maximumBytes: 10_000)
        recent.keep(document(1), keys[0], renderedAt: .now)
        #expect(recent.document(keys[1]) == nil && recent.document(keys[0]) != nil)
    }

    @Test("the newest is kept, whatever order they come in, and comes from the cache")
    func newest() {
        let recent = RecentDocuments(maximumBytes: 10_000)
        #expect(recent.document(key(1)) == nil)
        for position: Int64 in [3, 5, 4] { recent.keep(document(position), key(1), renderedAt: .now) }
        #expect(recent.document(key(1))?.stamp.position == Position(rawValue: 5))
        #expect(recent.document(key(1))?.source == nil)
        recent.keep(document(5, catalog: 2), key(1), renderedAt: .now)
        #expect(recent.document(key(1))?.stamp.catalogPosition == Position(rawValue: 2))
        #expect(recent.document(key(2)) == nil)
    }

    @Test("they take no more memory than they may, and who is asked for stays")
    func limit() {
        let recent = RecentDocuments(maximumBytes: 100_000)
        recent.keep(document(1, bytes: 1_000), key(0), renderedAt: .now)
        for number in 1...1_000 {
            recent.keep(document(1, bytes: 1_000), key(number), renderedAt: .now)
            #expect(recent.document(key(0)) != nil)
        }
        let kept = (1...1_000).filter { recent.document(key($0)) != nil }
        #expect(kept.last == 1_000)
        #expect((20...100).contains(kept.count))
    }

    @Test("what is larger than half of the memory is not kept, and puts out nothing else")
    func tooLarge() {
        let recent = RecentDocuments(maximumBytes: 10_000)
        recent.keep(document(1), key(1), renderedAt: .now)
        recent.keep(document(1, bytes: 6_000), key(2), renderedAt: .now)
        #expect(recent.document(key(1)) != nil)
        #expect(recent.document(key(2)) == nil)
    }

    @Test("one that was rendered too long ago is not used, and gives way to any other")
    func old() {
        let recent = RecentDocuments(maximumBytes: 10_000)
        let longAgo = Timestamp(microseconds: Timestamp.now.microseconds - 721_000_000)
        recent.keep(document(5), key(1), renderedAt: longAgo)
        #expect(recent.document(key(1)) == nil)
        recent.keep(document(4), key(1), renderedAt: .now)
        #expect(recent.document(key(1))?.stamp.position == Position(rawValue: 4))
    }

    @Test("without memory there are none")
    func none() {
        let recent = RecentDocuments(maximumBytes: 0)
        recent.keep(document(1, bytes: 0), key(1), renderedAt: .now)
        #expect(recent.document(key(1)) == nil)
    }
}
