import Access
import Authentication
import Inventory
import InventoryHTTP
import InventoryTesting
import LedgerTesting
import NIOCore
import PostgresLedger
import RemoteLedger
import ServiceLifecycle
import StockEvents
import Webhooks

/// A ledger behind a server, reached over HTTP.
///
/// What the contract has no words for is done in the ledger that the server serves: history with times of its own, and
/// products that are added unless there is one of the name.
struct ServedLedger: Sendable {
    private let served: PostgresLedger
    private let remote: RemoteLedger
    /// With another API key: another principal.
    private let other: RemoteLedger

    static func with(_ database: TestDatabase, _ body: @Sendable (ServedLedger) async throws -> Void) async throws {
        try await database.withLedger { ledger in
            let keys = [APIKey.generate(), APIKey.generate()]
            for key in keys {
                _ = try await ledger.addAPIKey(NewAPIKey(key, name: "test", grant: Grant(role: .admin)))
            }
            let authenticator = Authenticator(
                credentials: ledger, uses: KeyUses(store: ledger, logger: TestDatabase.quiet), passwords: nil,
                tokens: nil, logger: TestDatabase.quiet)
            let server = InventoryServer(
                ledger: ledger, changes: ChangeFeed(ledger: ledger, waiters: ChangeWaiters()),
                authenticator: authenticator, credentials: ledger,
                webhooks: WebhookAdministration(ledger, sender: WebhookSender(), logger: TestDatabase.quiet),
                health: ledger,
                logger: TestDatabase.quiet)
            try await serving(server) { address in
                try await RemoteLedger.with(address, key: keys[0].token, retries: .brief, observer: Unobserved()) {
                    remote in
                    try await RemoteLedger.with(
                        address, key: keys[1].token, retries: .brief, observer: Unobserved()
                    ) { other in
                        try await body(ServedLedger(served: ledger, remote: remote, other: other))
                    }
                }
            }
        }
    }

    private static func serving(
        _ server: InventoryServer, _ body: @Sendable (ServerAddress) async throws -> Void
    ) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let services = ServiceGroup(
            services: [server.apiService(on: .hostname("127.0.0.1", port: 0)) { listening.yield($0.port ?? 0) }],
            logger: TestDatabase.quiet)
        try await withThrowingTaskGroup { group in
            group.addTask { try await services.run() }
            let result: Result<Void, any Error>
            do {
                var iterator = ports.makeAsyncIterator()
                guard let port = await iterator.next(), let address = ServerAddress("http://127.0.0.1:\(port)") else {
                    throw LedgerError.unavailable
                }
                result = .success(try await body(address))
            } catch {
                result = .failure(error)
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
    }

    private func writer(_ context: CommandContext) -> any StockWriting {
        context.recordedAt != nil ? served : context.actor == "key:test" ? remote : other
    }
}

extension RetryPolicy {
    /// What fails in these tests mostly fails again.
    fileprivate static let brief = RetryPolicy(attempts: 2)
}

private struct Unobserved: RemoteLedgerObserver {
    func observe(_ observation: RemoteLedgerObservation) {}
}

extension ServedLedger: StockWriting {
    func record(
        _ movement: Movement, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedMovement> {
        try await writer(context).record(movement, context)
    }

    func record(
        _ transfer: Transfer, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedTransfer> {
        try await writer(context).record(transfer, context)
    }

    func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch> {
        try await writer(context).record(batch, context)
    }

    func change(_ change: CatalogChange, _ context: CommandContext) async throws(LedgerError) -> Receipt<CatalogItem> {
        if case .addProduct = change { return try await served.change(change, context) }
        return try await writer(context).change(change, context)
    }

    func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        try await served.replay(of: key)
    }
}

extension ServedLedger: ForwardingReads {
    var reads: any StockReading { remote }
}

extension ServedLedger: StoredStateReading {}
