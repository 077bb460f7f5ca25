import Access
import Inventory
import Logging
import Postgres
import PostgresLedger
import Redis
import SQLiteLedger
import ServiceLifecycle
import StockCache

extension Settings {
    /// Keeps standard output for what a command prints.
    func logger() -> Logger {
        var logger = Logger(label: "khata", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = logLevel
        return logger
    }

    func ledger(
        on servers: Servers, _ logger: Logger, invalidating: any CacheInvalidating = NoCacheConnection()
    ) throws(SettingsError) -> PostgresLedger {
        var replica: ConnectionConfiguration?
        if let replicaURL = servers.replicaURL {
            replica = try Self.connection(replicaURL, of: "replica.url", isReadOnly: true)
        }
        return PostgresLedger(
            primary: try Self.connection(servers.primaryURL, of: "primary.url"), replica: replica, limits: ledger,
            invalidating: invalidating, observer: LedgerLog(logger: logger), logger: logger)
    }

    func ledger(
        in file: String, _ opening: SQLiteLedger.Opening, _ logger: Logger
    ) async throws -> SQLiteLedger {
        try await SQLiteLedger.open(file, opening, limits: ledgerFile, observer: LedgerFileLog(logger: logger))
    }
}

/// A ledger for the commands, wherever it is stored.
typealias Ledger = ShopLedger & CredentialStoring & Service

/// Runs the ledger while `body` uses it: everything recorded is committed when this returns.
/// - Parameter checksAll: Whether the whole file is checked for damage first, however large.
func withLedger<T: Sendable>(
    _ settings: Settings, checksAll: Bool = false, _ body: @Sendable (any Ledger) async throws -> T
) async throws -> T {
    switch try settings.storage {
    case .servers(let servers): return try await withLedger(on: servers, settings, body)
    case .file(let path):
        let logger = settings.logger()
        let ledger = try await settings.ledger(in: path, .asItIs, logger)
        do {
            return try await running(ledger, logger) {
                if checksAll { try await ledger.check() }
                return try await body(ledger)
            }
        } catch LedgerError.damaged(let report) {
            throw LedgerFileError.damaged(path: path, report: report)
        }
    }
}

private func withLedger<T: Sendable>(
    on servers: Settings.Servers, _ settings: Settings, _ body: @Sendable (any Ledger) async throws -> T
) async throws -> T {
    let logger = settings.logger()
    // Only a serving instance logs that the cache is connected, not a command.
    var cacheLogger = logger
    cacheLogger.logLevel = max(logger.logLevel, .warning)
    // Other processes may serve from a cache, which must be invalidated for changes recorded here too.
    let redis = try settings.redisClient(on: servers, cacheLogger)
    let cache = redis.map { [cacheLogger] in CacheConnection($0, recentBytes: 0, logger: cacheLogger) }
    let ledger = try settings.ledger(on: servers, logger, invalidating: cache ?? NoCacheConnection())
    do {
        let result = try await running(ledger, logger) {
            try await Schema(ledger.primary).check()
            return try await body(ledger)
        }
        await redis?.close()
        return result
    } catch {
        await redis?.close()
        throw error
    }
}

/// Runs a service until `body` is done.
func running<T: Sendable>(
    _ service: any Service, _ logger: Logger, _ body: @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup { group in
        let services = ServiceGroup(services: [service], logger: logger)
        group.addTask { try await services.run() }
        let result: Result<T, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
        return try result.get()
    }
}

/// Logs the ledger's events.
struct LedgerLog: LedgerObserver {
    let logger: Logger

    func observe(_ observation: LedgerObservation) {
        switch observation {
        case .commit(let event): logger.log(event)
        case .transactionRetried(let error): logger.info("a transaction is retried", error)
        case .commitUncertain(let error): logger.warning("the connection was lost at a commit", error)
        case .outcomeUnknown(let error): logger.error("the outcome of a commit could not be determined", error)
        case .primaryUnavailable(let error): logger.error("the primary is unavailable", error)
        case .replicaSkipped(nil): logger.debug("the replica is behind: the read uses the primary")
        case .replicaSkipped(let error?): logger.info("the replica failed: the read uses the primary", error)
        case .readFailed(let error): logger.error("a read failed", error)
        case .recordsExpired(let count): logger.debug("idempotency records expired", metadata: ["count": "\(count)"])
        case .outboxLeft(let error): logger.warning("rows of the outbox could not be deleted", error)
        case .expiryFailed(let error): logger.warning("idempotency records could not be deleted", error)
        }
    }
}

struct LedgerFileLog: LedgerFileObserver {
    let logger: Logger

    func observe(_ observation: LedgerFileObservation) {
        switch observation {
        case .commit(let event): logger.log(event)
        case .commitUncertain(let error): logger.warning("a commit failed halfway and is retried", error)
        case .outcomeUnknown(let error): logger.error("the outcome of a commit is unknown", error)
        case .writeFailed(let error): logger.error("the file cannot be written", error)
        case .readFailed(let error): logger.error("a read failed", error)
        case .damaged(let report):
            logger.critical(
                "the file is damaged: nothing more is written to it; restore a backup",
                metadata: ["report": "\(report)"])
        case .recordsExpired(let count): logger.debug("idempotency records expired", metadata: ["count": "\(count)"])
        case .expiryFailed(let error): logger.warning("idempotency records could not be deleted", error)
        case .closingFailed(let error): logger.warning("the file was not closed in order; nothing is lost", error)
        case .moved(let destination):
            logger.error("the ledger was moved: serve it from there", metadata: ["destination": "\(destination.name)"])
        }
    }
}

extension Logger {
    fileprivate func info(_ message: Message, _ error: any Error) {
        info(message, metadata: ["error": "\(error)"])
    }

    fileprivate func warning(_ message: Message, _ error: any Error, _ more: Metadata = [:]) {
        warning(message, metadata: more.merging(["error": "\(error)"]) { $1 })
    }

    fileprivate func error(_ message: Message, _ error: any Error) {
        self.error(message, metadata: ["error": "\(error)"])
    }
}

extension Logger {
    fileprivate func log(_ event: CommitEvent) {
        switch event {
        case .committed: break
        case .split(let commands, let error):
            warning("a batch was rejected and is split", error, ["commands": "\(commands)"])
        case .rejected(let error): self.error("a valid command was rejected by the database", error)
        }
    }
}
