import Inventory
import Logging
import Postgres
import PostgresLedger
import SQLiteLedger
import StockEvents

/// Logs, counts and traces the ledger's events, and wakes the readers that wait for commits.
struct LedgerLog: LedgerObserver {
    let logger: Logger
    let waiters: ChangeWaiters
    /// `nil` in commands, which nobody scrapes.
    let metrics: LedgerMetrics?
    let traces: Traces?

    func observe(_ observation: LedgerObservation) {
        metrics?.observe(observation)
        traces?.observe(observation)
        switch observation {
        case .commit(let event, _): waiters.observe(event, logger)
        case .roundTrip: break
        case .transactionRetried(let error): logger.info("a transaction is retried", error)
        case .commitUncertain(let error): logger.warning("the connection was lost at a commit", error)
        case .outcomeUnknown(let error): logger.error("the outcome of a commit could not be determined", error)
        case .primaryUnavailable(let error): logger.error("the primary is unavailable", error)
        case .replicaSkipped(nil): logger.debug("a replica is behind: the read uses another server")
        // While a server is away, each read fails like this, and its connections say so once in a while.
        case .replicaSkipped(let error?) where error.kind == .connection:
            logger.debug("a replica is away: the read uses another server")
        case .replicaSkipped(let error?): logger.info("a replica failed: the read uses another server", error)
        case .replicaChanged(let number, let server, let fault?, let error):
            var metadata: Logger.Metadata = ["replica": "\(number)", "server": "\(server)", "reason": "\(fault)"]
            if let error { metadata["error"] = "\(error)" }
            logger.log(
                level: fault == .primary ? .notice : .warning, "reads do not use a replica", metadata: metadata)
        case .replicaChanged(let number, let server, nil, _):
            logger.notice("reads use a replica again", metadata: ["replica": "\(number)", "server": "\(server)"])
        case .historyChanged(let former, let history, let compared, let lost):
            var metadata: Logger.Metadata = [
                "before": "\(former.id)", "now": "\(history.id)", "compared": "\(compared)", "lost": "\(lost.count)",
            ]
            guard !lost.isEmpty else {
                logger.notice("the ledger goes on in another history", metadata: metadata)
                break
            }
            let shown = lost.prefix(20).map { "\($0.storeID.rawValue):\($0.position.rawValue)" }
            metadata["entries"] = "\(shown.joined(separator: " "))\(lost.count > shown.count ? " …" : "")"
            logger.error("entries that were acknowledged are gone from the ledger", metadata: metadata)
        case .readFailed(let error as PostgresError) where error.kind == .connection:
            logger.debug("the database is away: a read failed")
        case .readFailed(let error): logger.error("a read failed", error)
        case .recordsExpired(let count): logger.debug("idempotency records expired", metadata: ["count": "\(count)"])
        case .outboxLeft(let error): logger.warning("rows of the outbox could not be deleted", error)
        case .expiryFailed(let error): logger.warning("idempotency records could not be deleted", error)
        }
    }
}

struct LedgerFileLog: LedgerFileObserver {
    let logger: Logger
    let waiters: ChangeWaiters
    let metrics: LedgerMetrics?

    func observe(_ observation: LedgerFileObservation) {
        metrics?.observe(observation)
        switch observation {
        case .commit(let event): waiters.observe(event, logger)
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
        case .displaced(let error): logger.error("the ledger was closed in another place than it was opened in", error)
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

extension ChangeWaiters {
    fileprivate func observe(_ event: CommitEvent, _ logger: Logger) {
        switch event {
        case .committed(let decision, _, _): wake(decision.heads.values)
        // Whoever sent the command is told, and the log of failed requests has it.
        case .refused: break
        case .split(let commands, let error):
            logger.warning("a batch was rejected and is split", error, ["commands": "\(commands)"])
        case .rejected(let error): logger.error("a valid command was rejected by the database", error)
        }
    }
}
