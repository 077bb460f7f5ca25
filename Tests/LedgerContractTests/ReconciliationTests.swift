import Inventory
import Testing

@Suite("Comparisons of ledgers")
struct ReconciliationTests {
    @Test("are stored with when they began and ended, and what they found", arguments: StorageUnderTest.allCases)
    func stored(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            func found() async throws -> [ReconciledPart: [String]] {
                let all = try await ledger.reconciliations().map { one in
                    let times = [one.knownSince, one.startedAt, one.finishedAt].map { "\($0?.microseconds ?? -1)" }
                    return (one.part, times + ["\(one.differences)"])
                }
                return Dictionary(uniqueKeysWithValues: all)
            }
            func time(_ number: Int64) -> Timestamp { Timestamp(microseconds: number) }
            let (store, documents) = (ReconciledPart.ledger(.credentials), ReconciledPart.documents)
            #expect(try await found() == [:])
            try await ledger.startReconciliation(of: store, at: time(1))
            #expect(try await found() == [store: ["1", "1", "-1", "0"]])
            try await ledger.finishReconciliation(of: store, at: time(2), differences: 7)
            try await ledger.startReconciliation(of: documents, at: time(3))
            try await ledger.startReconciliation(of: store, at: time(4))
            #expect(try await found() == [store: ["1", "4", "2", "7"], documents: ["3", "3", "-1", "0"]])
            try await ledger.finishReconciliation(of: store, at: time(5), differences: 0)
            #expect(try await found()[store] == ["1", "4", "5", "0"])
        }
    }
}
