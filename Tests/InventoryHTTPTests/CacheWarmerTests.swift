import Inventory
import LedgerTesting
import NIOCore
import Postgres
import PostgresLedger
import StockCache
import Synchronization
import Testing

@testable import InventoryHTTP

@Suite("The cache's warmer")
struct CacheWarmerTests {
    private let stores = (1...40).map { StoreID(rawValue: $0) }

    /// Warms 40 stores and the catalog's two lists from documents that come about as the test says.
    private func warm(_ documents: Documents) async throws -> CacheWarmer.Progress {
        // Connects when it is first used, which it is not.
        let ledger = PostgresLedger(
            primary: try .init("postgresql://nobody@127.0.0.1:1/none", applicationName: "test"), replicas: [],
            observer: IgnoringObserver(), logger: TestDatabase.quiet)
        var warmer = CacheWarmer(ledger: ledger, documents: documents, limits: HTTPLimits(), concurrency: 3)
        warmer.retry.firstPause = .milliseconds(1)
        warmer.retry.maximumPause = .milliseconds(2)
        return try await warmer.warm(stores) { _ in }
    }

    @Test("asks again while the database is overloaded or the cache is not trusted, and for few documents at a time")
    func patient() async throws {
        let documents = Documents { _, attempt in
            switch attempt {
            case 1: .failure(.overloaded)
            case 2: .success(.bypass)
            default: .success(.miss)
            }
        }
        let progress = try await warm(documents)
        #expect(progress.documents == 42 && progress.filled == 42 && progress.failed == 0)
        #expect(progress.storesDone == 40 && progress.storesTotal == 40)
        #expect(documents.maximumAtOnce <= 3)
    }

    @Test("goes on without what cannot be had, which it asks for so often and no more")
    func failures() async throws {
        let documents = Documents { key, _ in key.storeID == self.stores[4] ? .failure(.unavailable) : .success(.hit) }
        let progress = try await warm(documents)
        #expect(progress.documents == 41 && progress.filled == 0 && progress.failed == 1)
        #expect(progress.storesDone == 40)
        #expect(documents.attempts(at: stores[4]) == CacheWarmer.RetryPolicy().attempts)
    }

    @Test("gives up when list after list cannot be had")
    func givesUp() async throws {
        let documents = Documents { _, _ in .failure(.overloaded) }
        await #expect(throws: CacheWarmingFailure.self) { try await warm(documents) }
        #expect(documents.stores.count < 25)
    }

    @Test("takes the stores in another order each time, so that several instances share the work")
    func order() async throws {
        let runs = [Documents { _, _ in .success(.hit) }, Documents { _, _ in .success(.hit) }]
        for documents in runs { _ = try await warm(documents) }
        // Three are asked for at a time, so those that come first are not exactly the same in any case.
        let first = runs.map { Set($0.stores.prefix(12)) }
        #expect(first[0].subtracting(first[1]).count > 2)
        #expect(runs.allSatisfy { Set($0.stores) == Set(stores + [.catalog]) })
    }

    @Test("stores that are not there are no reason to give up")
    func unknownStores() async throws {
        let documents = Documents { key, _ in key.storeID == .catalog ? .success(.hit) : .failure(.notFound) }
        let progress = try await warm(documents)
        #expect(progress.documents == 2 && progress.failed == 40)
        #expect(documents.attempts(at: stores[0]) == 1)
    }
}

/// Documents that come about as a test says, and counts of who asked.
private final class Documents: DocumentReading {
    private let outcome: @Sendable (DocumentKey, Int) -> Result<DocumentOrigin, LedgerError>
    private let counts = Mutex((attempts: [DocumentKey: Int](), stores: [StoreID](), running: 0, maximumAtOnce: 0))

    init(_ outcome: @escaping @Sendable (DocumentKey, _ attempt: Int) -> Result<DocumentOrigin, LedgerError>) {
        self.outcome = outcome
    }

    var maximumAtOnce: Int { counts.withLock { $0.maximumAtOnce } }

    /// In the order in which they were first asked for.
    var stores: [StoreID] { counts.withLock { $0.stores } }

    func attempts(at storeID: StoreID) -> Int {
        counts.withLock { counts in counts.attempts.reduce(0) { $0 + ($1.key.storeID == storeID ? $1.value : 0) } }
    }

    func document(
        _ key: DocumentKey, for reader: String?, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        let attempt = counts.withLock { counts in
            counts.attempts[key, default: 0] += 1
            if !counts.stores.contains(key.storeID) { counts.stores.append(key.storeID) }
            counts.running += 1
            counts.maximumAtOnce = max(counts.maximumAtOnce, counts.running)
            return counts.attempts[key, default: 0]
        }
        // Others have their turn while this one is under way.
        await Task.yield()
        counts.withLock { $0.running -= 1 }
        let stamp = Stamp(history: History("h"), position: .zero, catalogPosition: .zero)
        return (Document(stamp: stamp, body: ByteBuffer(), source: nil), try outcome(key, attempt).get())
    }
}
