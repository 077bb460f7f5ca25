import Foundation
import Inventory
import InventoryTesting
import PostgresLedger
import Synchronization
import Testing

@testable import StockCache

/// Counts reads that show less than what was acknowledged, or read by anyone, before they started. What is on hand only grows
/// here, so these are all the reads that are not linearizable.
struct Checker: Sendable {
    /// KHATA_CHECKER_READS, or few enough for every day.
    var reads = ProcessInfo.processInfo.environment["KHATA_CHECKER_READS"].flatMap(Int.init) ?? 3_000

    /// Where the movements are.
    var stores = [StoreID.one]

    private static let writersEach = 2
    private static let readersEach = 4

    /// Repeats `fault` while writers write and readers read, until enough was read and it happened twice.
    /// - Parameter mayFail: Whether a read may be refused because nobody knows whether it would be current.
    func run(
        writers: [Instance], readers: [Instance], mayFail: Bool = false,
        fault: @escaping @Sendable () async throws -> Void
    ) async throws {
        let shown = Shown()
        let counts = Counts()
        let target = reads
        @Sendable func isOver() -> Bool { counts.reads >= target && counts.faults >= 2 }
        try await withThrowingTaskGroup { group in
            for writer in writers {
                for _ in 0..<Self.writersEach {
                    group.addTask {
                        while !isOver() {
                            let level = LevelKey(stores.randomElement()!, Bool.random() ? .sugar : .rice)
                            let movement = try await writer.ledger.record(.stockIn(1, level), .testing).value
                            shown.add(movement.onHand, of: level.storeID, level.productID)
                            // Each movement brings one unit, so the position is what the store has of everything.
                            shown.add(movement.position.rawValue, of: level.storeID, nil)
                        }
                    }
                }
            }
            for reader in readers {
                for index in 0..<Self.readersEach {
                    group.addTask {
                        while !isOver() {
                            let store = stores.randomElement()!
                            let product: ProductID? = index == 0 ? .sugar : nil
                            let least = shown[store, product]
                            do {
                                let read = try await reader.read(store, product)
                                let onHand = read.document.onHand ?? 0
                                counts.add(read.origin, isStale: onHand < least)
                                shown.add(onHand, of: store, product)
                            } catch LedgerError.unavailable where mayFail {
                                counts.addRefusal()
                            }
                        }
                    }
                }
            }
            group.addTask {
                while !isOver() {
                    try await fault()
                    counts.addFault()
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.stale == 0, "of \(counts.reads) reads, \(counts.hits) from the cache")
        print(
            "checker: \(counts.reads) reads, \(counts.hits) hits, \(counts.stale) stale, \(counts.refused) refused")
    }
}

/// The most that anybody has been told is on hand in a store: of a product, or of all (`nil`).
private final class Shown: Sendable {
    private let onHand = Mutex([StoreID: [ProductID?: Int64]]())

    subscript(store: StoreID, product: ProductID?) -> Int64 {
        onHand.withLock { $0[store, default: [:]][product, default: 0] }
    }

    func add(_ units: Int64, of store: StoreID, _ product: ProductID?) {
        onHand.withLock { $0[store, default: [:]][product] = max(units, $0[store, default: [:]][product, default: 0]) }
    }
}

private final class Counts: Sendable {
    private let counts = Mutex((reads: 0, hits: 0, stale: 0, refused: 0, faults: 0))

    var reads: Int { counts.withLock { $0.reads } }
    var hits: Int { counts.withLock { $0.hits } }
    var stale: Int { counts.withLock { $0.stale } }
    var refused: Int { counts.withLock { $0.refused } }
    var faults: Int { counts.withLock { $0.faults } }

    func addFault() { counts.withLock { $0.faults += 1 } }
    func addRefusal() { counts.withLock { $0.refused += 1 } }

    func add(_ origin: DocumentOrigin, isStale: Bool) {
        counts.withLock { counts in
            counts.reads += 1
            if origin == .hit { counts.hits += 1 }
            if isStale { counts.stale += 1 }
        }
    }
}
