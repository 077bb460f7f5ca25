import Inventory
import InventoryHTTP
import Logging
import ServiceLifecycle
import StockEvents
import Synchronization

/// Compares all ledgers with what is derived from them, and the cached documents with the ledgers, again and again while the
/// shop is served. One process at a time does it, and goes on with what has waited longest.
///
/// Reads the primary: what is sold is decided by its data, and damage of its own is on no replica. Each page is a snapshot of its
/// own, so nothing keeps the database from cleaning up.
final class Reconciler: Service {
    struct Limits {
        /// How often each ledger is compared.
        var interval = Duration.seconds(24 * 3_600)
        /// Documents are cached for ten minutes, so more often.
        var documentInterval = Duration.seconds(3_600)
        /// Of the time that it may take, and so of a core and of a connection's share of the database.
        var loadPercent = 5
        /// Between looks at what is due, and at who compares.
        var pause = Duration.seconds(30)
    }

    typealias Ledger = StockReading & StoredStateReading & SubscriptionStoring & ReconciliationStoring

    private let ledger: any Ledger
    private let documents: DocumentComparison?
    let limits: Limits
    private let metrics: ReconciliationMetrics
    private let logger: Logger
    /// As of the last look.
    let known = Mutex<[Reconciliation]>([])
    /// Each failure is logged once, until something is compared again.
    private let isFailing = Mutex(false)

    private static let subscription = SubscriptionID("reconciliation")
    /// How long after a process was killed another one goes on.
    private static let lease = Duration.seconds(60)
    private static let leaseInterval = Duration.seconds(10)
    /// More lines about one ledger, or about the documents, say nothing new.
    private static let maximumLogged = 20

    /// - Parameter documents: `nil` without a cache.
    init(
        _ ledger: any Ledger, _ documents: DocumentComparison?, _ limits: Limits, _ metrics: ReconciliationMetrics,
        _ logger: Logger
    ) {
        self.ledger = ledger
        self.documents = documents
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            repeat {
                do {
                    try await self.ledger.createSubscription(Self.subscription, from: .beginning)
                    try await self.look()
                    _ = try await self.ledger.whileHolding(
                        Self.subscription, for: Self.lease, extendedEvery: Self.leaseInterval
                    ) { [self] _ in try await reconcile() }
                } catch  where !Task.isCancelled {
                    self.report(error, "nothing is compared")
                } catch {
                    return
                }
            } while (try? await Task.sleep(for: self.limits.pause)) != nil
        }
    }

    private func reconcile() async throws {
        try await withThrowingTaskGroup { group in
            // The two share what they may take.
            let percent = documents == nil ? limits.loadPercent : max(1, limits.loadPercent / 2)
            group.addTask {
                var pace = Pace(percent: percent)
                while true {
                    for id in try await self.dueLedgers() { try await self.compare(id, &pace) }
                    try await pace.pause(self.limits.pause)
                }
            }
            if let documents {
                group.addTask {
                    var pace = Pace(percent: percent)
                    while true {
                        if documents.areAvailable, self.isDue(.documents) { try await self.compare(documents, &pace) }
                        try await pace.pause(min(self.limits.pause, .seconds(1)))
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

// What is due.
extension Reconciler {
    private func look() async throws(LedgerError) {
        let found = try await ledger.reconciliations().filter { $0.part != .documents || documents != nil }
        known.withLock { $0 = found }
        metrics.set(found)
    }

    /// Those that have waited longest first.
    private func dueLedgers() async throws(LedgerError) -> [StoreID] {
        try await look()
        let started = Dictionary(known.withLock { $0.map { ($0.part, $0.startedAt) } }, uniquingKeysWith: { $1 })
        // One that had differences and is no more is compared again, too.
        let gone = started.keys.compactMap { part in if case .ledger(let id) = part { id } else { nil } }
        let ids = Set(try await ledger.keptLedgers().map(\.storeID) + [.credentials] + gone)
        return ids.filter { isDue(.ledger($0)) }.sorted {
            (started[.ledger($0)] ?? .earliest, $0) < (started[.ledger($1)] ?? .earliest, $1)
        }
    }

    /// A clock that was set back makes everything due.
    private func isDue(_ part: ReconciledPart) -> Bool {
        guard let last = known.withLock({ $0.first { $0.part == part } })?.finishedAt else { return true }
        let now = Timestamp.now
        let interval = part == .documents ? min(limits.interval, limits.documentInterval) : limits.interval
        return !(now.microseconds - Int64(interval / .microseconds(1))...now.microseconds).contains(last.microseconds)
    }
}

// The comparisons.
extension Reconciler {
    /// If it cannot be read, it is compared again after the others.
    private func compare(_ id: StoreID, _ pace: inout Pace) async throws {
        do {
            try await ledger.startReconciliation(of: .ledger(id), at: .now)
            let finding = try await LedgerVerification(ledger).verify(id) { entries in
                metrics.count(entries: entries)
                try await pace.rest()
            }
            for difference in finding.differences.first.prefix(Self.maximumLogged) {
                logger.error("a ledger differs from what is derived from it", metadata: difference.metadata)
            }
            for known in finding.acknowledged.prefix(Self.maximumLogged) {
                logger.notice("a ledger has a difference that was acknowledged", metadata: known.metadata)
            }
            try await finish(.ledger(id), differences: finding.differences.count)
            metrics.count(.ledger(id), differences: finding.differences.count)
        } catch let error as LedgerError {
            metrics.countFailure(of: .ledger(id))
            report(error, "\(id.ledgerName) could not be compared")
            try await pace.pause(limits.pause)
        }
    }

    private func compare(_ documents: DocumentComparison, _ pace: inout Pace) async throws {
        do {
            try await ledger.startReconciliation(of: .documents, at: .now)
            var differences = 0
            try await documents.compare { count, difference in
                if let difference {
                    differences += 1
                    if differences <= Self.maximumLogged {
                        logger.error("a cached document differs from the database", metadata: difference.metadata)
                    }
                }
                if count > 0 { metrics.count(.documents, differences: difference == nil ? 0 : 1) }
                try await pace.rest()
            }
            try await finish(.documents, differences: differences)
        } catch let error as LedgerError {
            metrics.countFailure(of: .documents)
            report(error, "the cached documents could not be compared")
        }
    }

    private func finish(_ part: ReconciledPart, differences: Int) async throws(LedgerError) {
        try await ledger.finishReconciliation(of: part, at: .now, differences: differences)
        isFailing.withLock { $0 = false }
        try await look()
    }

    private func report(_ error: any Error, _ message: Logger.Message) {
        let isNew = isFailing.withLock { isFailing in
            defer { isFailing = true }
            return !isFailing
        }
        if isNew { logger.warning(message, metadata: ["error": "\(error)"]) }
    }
}

/// Rests after work, so that it takes no more than a share of the time.
private struct Pace {
    /// Of a process that was stopped meanwhile, most of the time was no work.
    private static let maximumRest = Duration.seconds(60)

    private let percent: Int
    private var workedSince = ContinuousClock.now

    init(percent: Int) {
        self.percent = percent
    }

    /// - Throws: `CancellationError`.
    mutating func rest() async throws {
        try await pause(min(Self.maximumRest, (.now - workedSince) * (100 - percent) / percent))
    }

    mutating func pause(_ duration: Duration) async throws {
        try await Task.sleep(for: duration)
        workedSince = .now
    }
}
