import Inventory
import InventoryTesting
import NIOCore
import Testing

@testable import StockCache

@Suite("Seals of documents")
struct DocumentSealTests {
    private static let secret = CacheSecret("7e0c5f04-98d1-4f43-8f5c-4fd1fdbb1b4f")
    private static let history = History("h")
    private let seal = DocumentSeal(secret, namespace: "khata:a", history: history)
    private let document = Document(
        stamp: Stamp(history: history, position: Position(rawValue: 7), catalogPosition: Position(rawValue: 3)),
        body: ByteBuffer(string: "{\"items\": []}"), next: 5, source: .primary)

    @Test("what was sealed is opened as it was")
    func roundTrip() throws {
        let opened = try #require(seal.open(seal.seal(document, "key", renderedAt: .now), "key")).document
        #expect(opened.stamp == document.stamp && opened.body == document.body && opened.next == 5)
        #expect(opened.source == nil)
    }

    @Test("with any bit changed, anything cut off or added, it is not opened")
    func changed() {
        let sealed = seal.seal(document, "key", renderedAt: .now)
        for index in 0..<sealed.readableBytes {
            var changed = sealed
            changed.setInteger(sealed.getInteger(at: index, as: UInt8.self)! ^ 1, at: index)
            #expect(seal.open(changed, "key") == nil, "byte \(index)")
            #expect(seal.open(sealed.getSlice(at: 0, length: index)!, "key") == nil)
        }
        var longer = sealed
        longer.writeString("}")
        #expect(seal.open(longer, "key") == nil)
    }

    @Test("it is opened under its own key only, in its own namespace and history, with the same secret")
    func moved() {
        let sealed = seal.seal(document, "key", renderedAt: .now)
        #expect(seal.open(sealed, "kez") == nil && seal.open(sealed, "") == nil)
        let others = [
            DocumentSeal(Self.secret, namespace: "khata:b", history: Self.history),
            DocumentSeal(Self.secret, namespace: "khata:a", history: History("i")),
            DocumentSeal(CacheSecret("another"), namespace: "khata:a", history: Self.history),
        ]
        for other in others { #expect(other.open(sealed, "key") == nil) }
    }

    @Test("it is opened for as long as Redis keeps it and a minute more, and not if it is from the future")
    func age() {
        for (seconds, isOpened) in [(-61, false), (-59, true), (719, true), (721, false)] as [(Int64, Bool)] {
            let renderedAt = Timestamp(microseconds: Timestamp.now.microseconds - seconds * 1_000_000)
            let opened = seal.open(seal.seal(document, "key", renderedAt: renderedAt), "key")
            #expect((opened != nil) == isOpened, "\(seconds) s")
        }
    }

    @Test("a secret does not show itself")
    func hidden() {
        let state = CacheState(
            history: Self.history, generation: 1, namespaces: CacheNamespaces("khata:a"), secret: Self.secret)
        var dumped = ""
        dump(state, to: &dumped)
        #expect(!"\(state)".contains(Self.secret.text) && !dumped.contains(Self.secret.text))
    }
}
