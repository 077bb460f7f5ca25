import InventoryTesting
import Testing

@testable import Inventory

@Suite("What is kept beside a ledger")
struct StoredComparisonTests {
    private func product(_ name: String, archivedAt: Timestamp? = nil, version: Int64 = 1) -> Archivable<Product> {
        Archivable(
            Product(id: .sugar, details: ProductDetails(name: name), position: Position(rawValue: version)),
            archivedAt: archivedAt)
    }

    private func level(_ product: Int64, _ onHand: Int64, at position: Int64 = 1) -> StoredLevel {
        StoredLevel(
            productID: ProductID(rawValue: product), onHand: onHand, position: Position(rawValue: position),
            recordedAt: Timestamp(microseconds: position))
    }

    @Test("is compared byte by byte: names may look the same")
    func bytes() {
        let kept = StoredPart(at: Position(rawValue: 1), [product("Cafe\u{301}")])
        #expect(kept.differences(from: [.sugar: product("Caf\u{E9}")], showsAll: true).count == 1)
        #expect(kept.differences(from: [.sugar: product("Cafe\u{301}")], showsAll: true).isEmpty)
    }

    @Test("is compared as far as it is shown")
    func shown() {
        let time = Timestamp(microseconds: 7)
        let part = StoredPart(at: Position(rawValue: 1), [product("Tea", version: 0)])
        #expect(part.differences(from: [.sugar: product("Tea")], showsAll: false).isEmpty)
        #expect(
            part.differences(from: [.sugar: product("Tea")], showsAll: true).map(\.detail) == [
                "version is 0, and 1 follows from the log"
            ])
        #expect(part.differences(from: [.sugar: product("Tea", archivedAt: time)], showsAll: false).count == 1)
        let nothing = StoredPart<Archivable<Product>>(at: Position(rawValue: 1), [])
        #expect(nothing.differences(from: [.sugar: product("Tea", archivedAt: time)], showsAll: false).isEmpty)
        #expect(nothing.differences(from: [.sugar: product("Tea", archivedAt: time)], showsAll: true).count == 1)
        #expect(nothing.differences(from: [.sugar: product("Tea")], showsAll: false).count == 1)
    }

    @Test("is missed only where it should be: a part tells of its own ids")
    func ids() {
        let derived = Dictionary(
            uniqueKeysWithValues: [level(1, 0), level(2, 5), level(9, 5)].map { ($0.productID, $0) })
        let part = StoredPart(at: Position(rawValue: 1), ids: 1...2, [StoredLevel]())
        #expect(part.differences(from: derived, of: .one, showsAll: false).map(\.productID?.rawValue) == [2])
        #expect(part.differences(from: derived, of: .one, showsAll: true).map(\.productID?.rawValue) == [1, 2])
    }

    @Test("tells of a level what stands there and what follows")
    func levels() {
        let part = StoredPart(at: Position(rawValue: 5), [level(1, 999), level(2, 5, at: 4), level(3, 5)])
        let derived = Dictionary(uniqueKeysWithValues: [level(1, 17), level(2, 5, at: 3)].map { ($0.productID, $0) })
        #expect(
            part.differences(from: derived, of: .one, showsAll: true).map(\.description) == [
                "store 1, product 1, position 1: on_hand is 999, and 17 follows from the log",
                "store 1, product 2, position 3: recorded_at is 1970-01-01T00:00:00.000004Z, and "
                    + "1970-01-01T00:00:00.000003Z follows from the log",
                "store 1, product 2, position 3: position is 4, and 3 follows from the log",
                "store 1, product 3: a level of 5 is there, and nothing was ever moved",
            ])
    }
}
