import Foundation
import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import Testing

extension TestFile {
    /// A file with store 1 and sugar, without stock.
    static func withShop(_ body: (TestFile) async throws -> Void) async throws {
        try await with { file in
            try await file.withLedger { ledger in
                _ = try await ledger.change(.createStore(.one, name: "Shop"), .testing)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar 1kg")), .testing)
            }
            try await body(file)
        }
    }

    /// The file's bytes.
    var contents: Data {
        get throws { try Data(contentsOf: URL(filePath: path)) }
    }

    /// Runs `body` while somebody else writes to the file.
    func whileLocked<T>(_ body: () async throws -> T) async throws -> T {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        do {
            let result = try await body()
            try await other.writeWithoutTransaction { try $0.rollback() }
            return result
        } catch {
            try await other.writeWithoutTransaction { try $0.rollback() }
            throw error
        }
    }

    /// Every movement in store 1, when all is sound: the file, the audit chain, and each movement noted once.
    func soundMovements() async throws -> [String: Position] {
        #expect(try texts("pragma integrity_check") == ["ok"])
        return try await withLedger(.asItIs) { ledger in
            let head = try await AuditVerification(ledger: ledger).verify(.one)
            var movements: [String: Position] = [:]
            var query = EntryQuery(storeID: .one, limit: 1_000)
            repeat {
                let page = try await ledger.entries(query, Freshness()).value
                for entry in page.items { movements[entry.notes.note ?? "\(entry.position)"] = entry.position }
                query.after = page.next
            } while query.after != nil
            #expect(movements.count == Int(head.position.rawValue), "a movement is there twice")
            return movements
        }
    }
}

extension SQLiteLedger {
    func onHand() async throws -> Int64 {
        try await level(.sugarInOne, Freshness()).value.onHand
    }

    /// Records so many movements of one unit at once.
    /// - Returns: Which of them were recorded.
    func recordAtOnce(_ count: Int, noting note: @escaping @Sendable (Int) -> String?) async -> Set<Int> {
        await withTaskGroup { group in
            for index in 0..<count {
                group.addTask {
                    (try? await record(.stockIn(1, note: note(index)), .testing)) == nil ? nil : index
                }
            }
            return await group.reduce(into: []) { recorded, index in
                if let index { recorded.insert(index) }
            }
        }
    }
}
