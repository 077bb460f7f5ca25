import Access
import Authentication
import Foundation
import Inventory
import Logging
import SQLiteLedger
import StockEvents

/// One shop without servers: the ledger in a file, and everything else in this process.
struct EmbeddedShop {
    let path: String
    let settings: Settings
    let sockets: InheritedSockets
    let manager: ServiceManager?
    let log: LogWriter

    /// A new file gets a store and an admin key, which is printed once. A large file is checked while it is served, so
    /// that the start does not wait for it to be read.
    func serve() async throws {
        let logger = settings.logger(log)
        let certificate = try settings.serverCertificate()
        let waiters = ChangeWaiters()
        let metrics = ServiceMetrics(log: log)
        let traces = settings.traces(logger)
        let ledger = try await settings.ledger(
            in: path, .upToDate, logger, waking: waiters, metrics: metrics.ledger, traces: traces)
        metrics.observe(ledger)
        if let destination = try await ledger.destination() {
            throw Failure(
                "the ledger in \(path) was moved to \(destination.name) on \(destination.movedAt): serve it from there, "
                    + "with KHATA_PRIMARY_URL")
        }
        // Before anything is written to the file: a setting may be invalid.
        let instance = try await Instance(
            settings, ledger: ledger, waiters: waiters, health: ledger, metrics: metrics, traces: traces,
            certificate: certificate,
            services: [ledger, FileCheck(ledger)],
            sockets, manager, log, logger)
        let key = try await prepare(ledger, logger)
        if let key { printNow("Admin key, shown this once: \(key.token)") }
        try await instance.run { url in
            let token = key?.token ?? "$KHATA_ADMIN_KEY"
            printNow(
                "Try: curl -H \"Authorization: Bearer \(token)\" \(url)/api/v1/stores/\(settings.defaultStoreID)/stock")
        }
    }

    /// - Returns: A new admin key, if there was no key at all.
    private func prepare(_ ledger: SQLiteLedger, _ logger: Logger) async throws -> APIKey? {
        let context = CommandContext(actor: "khata", requestID: "first-start")
        if try await ledger.stores(StoreQuery(limit: 1), Freshness()).value.items.isEmpty {
            _ = try await ledger.change(.createStore(settings.defaultStoreID, name: "Shop"), context)
        }
        guard try await ledger.apiKeys(after: nil, limit: 1).items.isEmpty else { return nil }
        let key = APIKey.generate()
        _ = try await LoggedCredentials(ledger, logger).addAPIKey(
            NewAPIKey(key, name: "first start", grant: Grant(role: .admin)), context)
        return key
    }
}

extension EmbeddedShop {
    /// After what the log says so far, and at once, because standard output may be a pipe or a file. Whoever closed it is not
    /// told, and the shop is served.
    private func printNow(_ line: String) {
        log.flush()
        try? StandardOutput.write(line + "\n")
    }
}
