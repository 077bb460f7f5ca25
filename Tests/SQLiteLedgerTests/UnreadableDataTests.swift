import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import Synchronization
import Testing

/// A newer program may write to the same file, at the same version of its schema.
@Suite("What a newer program wrote")
struct UnreadableDataTests {
    @Test("an answer of another version is an error for who asks for it, and for nobody else")
    func outcome() async throws {
        try await TestFile.withShop { file in
            try file.execute(
                """
                insert into idempotency (principal, key, fingerprint, outcome)
                values ('key:test', 'k', x'07', '{"version":2,"movement":{}}')
                """)
            let observer = UnreadableObserver()
            try await file.withLedger(.asItIs, observer: observer) { ledger in
                // While they wait, so that they share transactions.
                let (asking, others) = try await file.whileLocked {
                    let asking = Task { try await ledger.record(.stockIn(1), .asking) }
                    return (asking, (0..<20).map { _ in Task { try await ledger.record(.stockIn(1), .testing) } })
                }
                await expectInternal { _ = try await asking.value }
                for other in others { _ = try await other.value }
                await expectInternal { _ = try await ledger.replay(of: .remembered) }
                await expectInternal { _ = try await ledger.change(.createStore(nil, name: "Mall"), .asking) }
                #expect(try await ledger.onHand() == 20)
            }
            #expect(observer.errors.count == 3)
            #expect(observer.errors.allSatisfy { $0.contains(#"{"version":2,"movement":{}}"#) })
        }
    }

    @Test("an action that is not known is listed")
    func action() async throws {
        try await TestFile.withShop { file in
            try file.execute(
                """
                insert into audit_log (store_id, position, recorded_at, actor, action, request_id, detail, hash)
                values (1, 1, 0, 'a', 'stock-counted', 'r', '{}', zeroblob(32));
                update stores set position = 1 where store_id = 1
                """)
            try await file.withLedger(.asItIs) { ledger in
                let listed = try await ledger.audit(AuditQuery(storeID: .one), Freshness()).value.items
                #expect(listed.map(\.actionName) == ["stock-counted"] && listed.map(\.action) == [nil])
                let next = try await ledger.record(.stockIn(1), .testing)
                #expect(next.value.position.rawValue == 2)
            }
        }
    }

    private func expectInternal(_ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: { error in
            if case .internalFailure? = error as? LedgerError { true } else { false }
        }
    }
}

private final class UnreadableObserver: LedgerFileObserver {
    private let state = Mutex<[String]>([])

    /// Of commands and reads that failed.
    var errors: [String] { state.withLock { $0 } }

    func observe(_ observation: LedgerFileObservation) {
        switch observation {
        case .commit(.rejected(let error)), .readFailed(let error): state.withLock { $0.append("\(error)") }
        default: break
        }
    }
}

extension IdempotencyKey {
    fileprivate static let remembered = IdempotencyKey(principal: "key:test", key: "k", fingerprint: [7])
}

extension CommandContext {
    fileprivate static let asking = CommandContext(
        actor: "key:test", requestID: "test", idempotency: .remembered)
}
