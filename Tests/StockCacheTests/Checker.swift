import Foundation
import Inventory
import PostgresLedger
import Synchronization
import Testing

@testable import StockCache

/// Counts reads that are older than what was acknowledged before they started.
struct Checker: Sendable {
    /// How old a read may be.
    var tolerance: Duration = .zero
    /// The same of movements that were acknowledged though Redis did not answer for 50 ms, as it does not on a machine that
    /// has no time for it. Then the relay tells it.
    private static let untoldTolerance: Duration = .milliseconds(500)
    /// KHATA_CHECKER_READS, or few enough for every day.
    var reads = ProcessInfo.processInfo.environment["KHATA_CHECKER_READS"].flatMap(Int.init) ?? 3_000

    private static let writersEach = 2
    private static let readersEach = 4

    /// Repeats `fault` while writers write and readers read, until enough was read and it happened twice.
    func run(
        writers: [Instance], readers: [Instance], fault: @escaping @Sendable () async throws -> Void
    ) async throws {
        let log = AcknowledgementLog()
        let counts = Counts()
        let target = reads
        @Sendable func isOver() -> Bool { counts.reads >= target && counts.faults >= 2 }
        try await withThrowingTaskGroup { group in
            for writer in writers {
                for _ in 0..<Self.writersEach {
                    group.addTask {
                        while !isOver() {
                            let product: ProductID = Bool.random() ? .sugar : .rice
                            let movement = try await writer.ledger.record(.stockIn(1, product), .testing).value
                            log.add(movement, isTold: !writer.delivery.mayLack(movement.position))
                        }
                    }
                }
            }
            for reader in readers {
                for index in 0..<Self.readersEach {
                    group.addTask {
                        while !isOver() {
                            let product: ProductID? = index == 0 ? .sugar : nil
                            let now = ContinuousClock.now
                            let floor = log.floor(
                                of: product, told: now - tolerance, untold: now - max(tolerance, Self.untoldTolerance))
                            let read = try await reader.read(.one, product)
                            counts.add(read.origin, isStale: read.document.stamp.position < floor)
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
            "checker: \(counts.reads) reads, \(counts.hits) hits, \(counts.stale) stale; \(log.untold) untold in time")
    }
}

/// When each position of store 1 was acknowledged.
private final class AcknowledgementLog: Sendable {
    private let entries = Mutex<[(movement: RecordedMovement, isTold: Bool, at: ContinuousClock.Instant)]>([])

    var untold: Int { entries.withLock { entries in entries.count { !$0.isTold } } }

    func add(_ movement: RecordedMovement, isTold: Bool) {
        entries.withLock { $0.append((movement, isTold, .now)) }
    }

    /// The highest position of a product, or of any, that was acknowledged before a moment: one for movements that the
    /// cache was told of, and one for others.
    func floor(
        of product: ProductID?, told: ContinuousClock.Instant, untold: ContinuousClock.Instant
    ) -> Position {
        entries.withLock { entries in
            // Nearly in order of time: what is further back cannot be the highest.
            entries.suffix(2_000).filter {
                $0.at <= ($0.isTold ? told : untold) && (product == nil || $0.movement.productID == product)
            }.map(\.movement.position).max() ?? .zero
        }
    }
}

private final class Counts: Sendable {
    private let counts = Mutex((reads: 0, hits: 0, stale: 0, faults: 0))

    var reads: Int { counts.withLock { $0.reads } }
    var hits: Int { counts.withLock { $0.hits } }
    var stale: Int { counts.withLock { $0.stale } }
    var faults: Int { counts.withLock { $0.faults } }

    func addFault() { counts.withLock { $0.faults += 1 } }

    func add(_ origin: DocumentOrigin, isStale: Bool) {
        counts.withLock { counts in
            counts.reads += 1
            if origin == .hit { counts.hits += 1 }
            if isStale { counts.stale += 1 }
        }
    }
}

extension StoreID {
    static let one = StoreID(rawValue: 1)
    static let two = StoreID(rawValue: 2)
}

extension ProductID {
    static let rice = ProductID(rawValue: 101)
    static let sugar = ProductID(rawValue: 102)
}

extension LevelKey {
    static let rice = LevelKey(.one, .rice)
    static let sugar = LevelKey(.one, .sugar)
}

extension CommandContext {
    static let testing = CommandContext(actor: "key:test", requestID: "test")
}

extension Movement {
    static func stockIn(_ units: Int64, _ product: ProductID = .sugar) -> Movement {
        Movement(storeID: .one, productID: product, kind: .stockIn, quantity: Quantity(units)!)
    }
}
