import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import LedgerTesting
import NIOCore
import NIOEmbedded
import ServerTesting
import StockCache
import StockEvents
import Synchronization
import Testing
import Webhooks

@testable import InventoryHTTP

@Suite("Reports that run at a time")
struct TurnQueueTests {
    private let queue = TurnQueue(atOnce: 2)
    private let running = Running()

    /// Enters a report that runs until `running` says so.
    private func enter(_ principal: String) -> Task<Void, any Error> {
        // Immediate: it has its place, or none, when this returns.
        Task.immediate { [queue, running] in
            try await queue.run(for: principal) {
                running.begin()
                try await eventually { running.mayEnd.load(ordering: .relaxed) }
                running.end()
            }
        }
    }

    @Test("two run, others wait, and one principal takes no more than four places")
    func turns() async throws {
        let ones = (1...4).map { _ in enter("one") }
        let refused = enter("one")
        await #expect(throws: LedgerError.self) { try await refused.value }
        let others = (1...2).map { enter("other \($0)") }
        running.mayEnd.store(true, ordering: .relaxed)
        for task in ones + others { try await task.value }
        #expect(running.counts.withLock { $0 } == (0, 2, 6))
        try await queue.run(for: "one") {}
    }

    @Test("no more than 64 wait")
    func waiting() async throws {
        let tasks = (1...66).map { enter("\($0)") }
        let refused = enter("another")
        await #expect(throws: LedgerError.self) { try await refused.value }
        running.mayEnd.store(true, ordering: .relaxed)
        for task in tasks { try await task.value }
    }

    @Test("a report whose client has left while it waited is not made")
    func abandoned() async throws {
        try await TestDatabase.with { database in
            try await database.withLedger { ledger in
                let api = InventoryAPI(
                    ledger: ledger, changes: ChangeFeed(ledger: ledger, waiters: ChangeWaiters()),
                    documents: RenderedDocuments(), warming: nil, commands: nil, defaultStoreID: StoreID(rawValue: 1),
                    credentials: ledger,
                    webhooks: WebhookAdministration(ledger, sender: WebhookSender(), logger: TestDatabase.quiet),
                    passwords: nil, health: ledger, limiter: nil, limits: HTTPLimits())
                let route = try #require(api.routes.first { $0.path == "/report" })
                let path = try Router([route]).match(.get, "/report").path
                let request = Request(
                    head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/report"),
                    body: RequestBody(buffer: ByteBuffer()))
                let channel = NIOAsyncTestingChannel()
                try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
                let context = RequestContext(
                    route: route, request: request, requestID: "r", principal: Principal(id: "a", role: .reader),
                    path: path, format: .json,
                    parameters: try Parameters(
                        of: "/report", declared: route.parameters, path: path, reader: "a", headers: HTTPFields(),
                        HTTPLimits()),
                    limits: HTTPLimits(), memory: MemoryBudget(bytes: 1 << 20),
                    connection: ClientConnection(channel: channel))
                #expect(try await api.report(context).status == .ok)
                try await channel.close()
                await #expect(throws: UnreadableRequest.self) { try await api.report(context) }
            }
        }
    }

    private final class Running: Sendable {
        /// Now, at most at a time, and in all.
        let counts = Mutex((now: 0, maximum: 0, total: 0))
        let mayEnd = Atomic(false)

        func begin() {
            counts.withLock { counts in
                counts.now += 1
                counts.maximum = max(counts.maximum, counts.now)
                counts.total += 1
            }
        }

        func end() { counts.withLock { $0.now -= 1 } }
    }
}
