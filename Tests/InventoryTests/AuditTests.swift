import Crypto
import InventoryTesting
import Testing

@testable import Inventory

@Suite("The audit chain")
struct AuditTests {
    /// A chain of three sales, and their movements.
    private let decision = decide(
        [Movement.sale(1), .sale(2), .sale(3)].map { $0.command() },
        on: LockedState(
            now: Timestamp(microseconds: 1_000), history: .testing,
            heads: [
                .one: LedgerHead(storeID: .one, position: .zero, hash: .origin, recordedAt: .earliest)
            ], products: [.sugar], onHand: [LevelKey(.one, .sugar): 6]))

    @Test("an entry's hash is that of its predecessor's and its fields as netstrings")
    func canonicalForm() {
        let entry = decision.audit[0]
        let canonical =
            [UInt8](repeating: 0, count: 32)
            + Array(
                """
                1:1,1:1,4:1000,8:key:test,4:sale,4:test,43:{"product_id":102,"quantity":1,"on_hand":5},
                """.utf8)
        #expect(entry.detail == #"{"product_id":102,"quantity":1,"on_hand":5}"#)
        #expect(entry.hash.bytes == Array(SHA256.hash(data: canonical)))
    }

    @Test("each entry follows the one before")
    func chain() {
        for (previous, entry) in zip(decision.audit, decision.audit.dropFirst()) {
            #expect(entry.hash == entry.hash(following: previous.hash))
        }
    }

    @Test("a change anywhere is found", arguments: AuditFields.Change.allCases)
    func tampering(change: AuditFields.Change) {
        let tampered = AuditFields(decision.audit[1]).changed(change)
        #expect(tampered.hash(following: decision.audit[0].hash) != decision.audit[1].hash)
    }

    @Test("a ledger that starts with stock out of nowhere is found")
    func levelsFollow() {
        var verifier = AuditVerifier(storeID: .one)
        #expect(throws: AuditDefect.self) {
            try verifier.check(decision.audit[0], movement: decision.entries[0])
        }
    }

    @Test("an acknowledgement covers exactly what it was written for")
    func acknowledgement() {
        func gap(
            store: Int64 = 1, position: Int64 = 38, product: Int64 = 102, found: Int64 = 998, expected: Int64 = 21,
            hash: AuditHash = .origin
        ) -> LevelGap {
            LevelGap(
                storeID: StoreID(rawValue: store), position: Position(rawValue: position),
                productID: ProductID(rawValue: product), found: found, expected: expected, hash: hash)
        }
        func entry(_ detail: String) -> AuditEntry {
            AuditEntry(
                storeID: .credentials, position: Position(rawValue: 1), recordedAt: .earliest, actor: "cli:ali",
                actionName: "difference-acknowledged", requestID: "r", detail: detail, hash: .origin)
        }
        let note = "a \"note\" of café"
        let known = AcknowledgedDifference(gap(), by: entry(gap().auditDetail(note: note)))
        #expect(known?.note == note && known?.actor == "cli:ali")
        for other in [
            gap(store: 2), gap(position: 39), gap(product: 7), gap(found: 997), gap(expected: 22),
            gap(hash: AuditHash(bytes: [UInt8](repeating: 1, count: 32))),
        ] {
            #expect(AcknowledgedDifference(other, by: entry(gap().auditDetail(note: note))) == nil)
        }
        for detail in ["{}", "", #"{"note":"x"}"#, gap().auditDetail(note: note) + " "] {
            #expect(AcknowledgedDifference(gap(), by: entry(detail)) == nil)
        }
        #expect(AcknowledgedDifference(gap(), by: nil) == nil)
    }

    @Test("a sound ledger is sound, and a missing, changed or foreign movement is found")
    func verification() throws {
        let sound = decide(
            [Movement.stockIn(5), .sale(2)].map { $0.command() },
            on: LockedState(
                now: Timestamp(microseconds: 1), history: .testing,
                heads: [.one: LedgerHead(storeID: .one, position: .zero, hash: .origin, recordedAt: .earliest)],
                products: [.sugar]))
        var verifier = AuditVerifier(storeID: .one)
        try verifier.check(sound.audit[0], movement: sound.entries[0])
        var other = verifier
        #expect(throws: AuditDefect.self) { try other.check(sound.audit[1], movement: nil) }
        other = verifier
        #expect(throws: AuditDefect.self) { try other.check(sound.audit[0], movement: sound.entries[0]) }
        other = verifier
        #expect(throws: AuditDefect.self) { try other.check(sound.audit[1], movement: decision.entries[1]) }
        try verifier.check(sound.audit[1], movement: sound.entries[1])
        #expect(verifier.head == sound.heads[.one])
    }
}

/// An entry of which one field is changed.
struct AuditFields {
    enum Change: CaseIterable {
        case position, time, actor, action, requestID, detail
    }

    private let entry: AuditEntry

    init(_ entry: AuditEntry) {
        self.entry = entry
    }

    func changed(_ change: Change) -> AuditEntry {
        AuditEntry(
            storeID: entry.storeID,
            position: change == .position ? entry.position.next : entry.position,
            recordedAt: change == .time ? Timestamp(microseconds: 999) : entry.recordedAt,
            actor: change == .actor ? "key:tes" : entry.actor,
            actionName: change == .action ? "stock-in" : entry.actionName,
            requestID: change == .requestID ? "requesT" : entry.requestID,
            detail: change == .detail ? entry.detail + " " : entry.detail,
            hash: entry.hash)
    }
}
