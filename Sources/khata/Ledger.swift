import Access
import Authentication
import Foundation
import Inventory
import Logging
import Postgres
import PostgresLedger
import Redis
import SQLiteLedger
import ServiceLifecycle
import StockCache
import StockEvents

extension Settings {
    /// For a command, whose log is to be in order with what it prints: each line is written at once, to standard error.
    func logger() -> Logger {
        logger { line, _ in printError(line, terminator: "") }
    }

    /// For the connections of a command: only an instance that serves logs that they are there.
    func connectionLogger() -> Logger {
        var logger = logger()
        if logger.logLevel > .debug { logger.logLevel = max(logger.logLevel, .warning) }
        return logger
    }

    /// For an instance that serves, which must not wait for the reader of its log.
    func logger(_ writer: LogWriter) -> Logger {
        logger { line, level in writer.add(line, isUrgent: level >= .warning) }
    }

    private func logger(_ write: @escaping @Sendable (_ line: String, Logger.Level) -> Void) -> Logger {
        var handler = LineLogHandler(format: logFormat, write: write)
        if traces.url != nil { handler.metadataProvider = Traces.metadata }
        var logger = Logger(label: "khata") { [handler] _ in handler }
        logger.logLevel = logLevel
        return logger
    }

    /// Writes to standard error. To be made once for a process.
    func logWriter() -> LogWriter {
        let writer = LogWriter(to: STDERR_FILENO) { [logFormat] lines in
            var line = LogLine(logFormat, .warning, "lines of the log were dropped: it was not read fast enough")
            line.append("lines", lines)
            return line.end()
        }
        writer.writeOnCrash()
        return writer
    }

    func requestLog(_ writer: LogWriter) -> RequestLog? {
        guard loggedRequests > 0, logLevel <= .info else { return nil }
        return RequestLog(writer, logFormat, interval: loggedRequests)
    }

    func ledger(
        on servers: Servers, _ logger: Logger, invalidating: any CacheInvalidating = NoCacheConnection(),
        waking waiters: ChangeWaiters = ChangeWaiters(), metrics: LedgerMetrics? = nil, traces: Traces? = nil
    ) throws(SettingsError) -> PostgresLedger {
        let replicas = try servers.replicas.map { replica throws(SettingsError) in
            try Self.connection(replica.url, of: replica.key, isReadOnly: true)
        }
        return PostgresLedger(
            primary: try Self.connection(servers.primaryURL, of: "primary.url"), replicas: replicas, limits: ledger,
            invalidating: invalidating,
            observer: LedgerLog(logger: logger, waiters: waiters, metrics: metrics, traces: traces),
            tracer: traces?.tracer, logger: logger)
    }

    func ledger(
        in file: String, _ opening: SQLiteLedger.Opening, _ logger: Logger,
        waking waiters: ChangeWaiters = ChangeWaiters(), metrics: LedgerMetrics? = nil, traces: Traces? = nil
    ) async throws -> SQLiteLedger {
        try await SQLiteLedger.open(
            file, opening, limits: ledgerFile,
            observer: LedgerFileLog(logger: logger, waiters: waiters, metrics: metrics), tracer: traces?.tracer)
    }
}

/// A ledger for the commands, wherever it is stored.
typealias Ledger = ShopLedger & ChangeReading & CredentialStoring & WebhookStoring & ReconciliationStoring
    & AcknowledgementStoring & Service

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

/// Runs the ledger while `body` uses its keys and users; changes are logged.
/// - Parameter message: What to say if there is no such key or user.
func withCredentials<T: Sendable>(
    _ settings: Settings, notFound message: String? = nil, _ body: @Sendable (any CredentialStoring) async throws -> T
) async throws -> T {
    do {
        return try await withLedger(settings) { ledger in
            try await body(LoggedCredentials(ledger, settings.logger()))
        }
    } catch LedgerError.notFound {
        guard let message else { throw LedgerError.notFound }
        throw Failure(message)
    }
}

private func withLedger<T: Sendable>(
    on servers: Settings.Servers, _ settings: Settings, _ body: @Sendable (any Ledger) async throws -> T
) async throws -> T {
    let (logger, cacheLogger) = (settings.logger(), settings.connectionLogger())
    // Other processes may serve from a cache, which must be invalidated for changes recorded here too.
    let redis = try settings.redisClient(on: servers, cacheLogger)
    let cache = redis.map { CacheConnection($0, recentBytes: 0, logger: cacheLogger) }
    let ledger = try settings.ledger(on: servers, logger, invalidating: cache ?? NoCacheConnection())
    func close() async { await redis?.close() }
    return try await closing(close) {
        try await running(ledger, logger) {
            try await Schema(ledger.primary).check()
            return try await body(ledger)
        }
    }
}
