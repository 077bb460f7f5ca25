import Inventory
import Testing

@testable import StockEvents

@Suite("Where a reader of changes stands")
struct ChangeCursorTests {
    @Test("a cursor of several ledgers is read as it was written")
    func roundTrip() throws {
        for text in ["", "~1.7.00ff00ff", "12~0.1.9f86d081~3.42.7d658b0e~9007199254740991.1.00000000"] {
            let cursor = try #require(ChangeCursor(text))
            #expect(cursor.text == text)
        }
        let cursor = try #require(ChangeCursor("3~3.42.7d658b0e"))
        #expect(cursor.position(of: StoreID(rawValue: 3)).rawValue == 42)
        #expect(cursor.position(of: StoreID(rawValue: 4)) == .zero)
    }

    @Test(
        "what is none is refused",
        arguments: [
            "x", "3", "5~1.0.00000000", "-1", "01", "~", "~1", "~1.2", "~1.2.3", "~1.2.9f86d08", "~1.2.9f86d0811",
            "~1.2.9f86d08g",
            "~1.02.9f86d081", "~-1.2.9f86d081", "~1.9007199254740992.9f86d081", "1~1.2.9f86d081~", "~1.2.9f86d081.4",
            "~1.2.é86d081", String(repeating: "~1.2.9f86d081", count: 257),
        ])
    func malformed(text: String) {
        #expect(ChangeCursor(text) == nil)
    }

    @Test("an event has a sequence at whatever position it is")
    func sequence() {
        for (position, sequence) in [
            (1, "0000000000000001"), (1 << 60, "1152921504606846976"), (.max, "9223372036854775807"),
        ] as [(Int64, String)] {
            let entry = AuditEntry(
                storeID: StoreID(rawValue: 1), position: Position(rawValue: position),
                recordedAt: Timestamp(microseconds: 0), actor: "a", actionName: "sale", requestID: "r", detail: "{}",
                hash: .origin)
            #expect(ChangeEvent(entry, following: .origin).sequence == sequence)
        }
    }

    @Test("one store's is a position, or an event's id")
    func oneStore() throws {
        let store = StoreID(rawValue: 1)
        #expect(try #require(ChangeCursor("42", of: store)).position(of: store).rawValue == 42)
        #expect(try #require(ChangeCursor("42-9f86d081884c7d65", of: store)).position(of: store).rawValue == 42)
        #expect(ChangeCursor("0", of: store) == ChangeCursor())
        for text in [
            "", "-", "1-", "-1", "+1", "01", "1.0", "1-9f86d081884c7d6", "1-9f86d081884c7d655", "1-9f86d081884c7d6g",
        ] {
            #expect(ChangeCursor(text, of: store) == nil, "\(text)")
        }
    }
}
