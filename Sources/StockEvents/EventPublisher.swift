import Basics
public import Inventory
public import Logging
public import ServiceLifecycle

/// Publishes every change to a message broker: each ledger's in order, at least once, by one process at a time.
///
/// The ledger itself is the source, and the database has the position up to which the broker has confirmed each ledger's
/// events. So a broker that is down costs writes nothing, and no event is lost, whatever ends this process. An event may be
/// published again then, with the same id.
///
/// Runs as a service.
public struct EventPublisher: Service {
    let ledger: any ChangeReading & SubscriptionStoring
    let sink: any EventSink
    private let waiters: ChangeWaiters
    private let logger: Logger

    static let subscription = SubscriptionID("broker")
    /// How long after a process was killed another one goes on.
    private static let lease = Duration.seconds(5)
    /// Of looks at all ledgers, for the commits of other processes, and of extending the lease.
    private static let interval = Duration.seconds(1)

    /// - Parameter waiters: Receives the commits of this process.
    public init(
        ledger: any ChangeReading & SubscriptionStoring, waiters: ChangeWaiters, sink: any EventSink, logger: Logger
    ) {
        self.ledger = ledger
        self.waiters = waiters
        self.sink = sink
        self.logger = logger
    }

    /// From the first call on every change will be published, whenever the broker is reached.
    public func subscribe() async throws(LedgerError) {
        try await ledger.createSubscription(Self.subscription, from: .end)
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            try? await sink.withConnection { connection in
                while !Task.isCancelled {
                    do {
                        try await publishWhileHeld(to: connection)
                    } catch let error as LedgerError where !Task.isCancelled {
                        logger.warning("events are not published", metadata: ["error": "\(error)"])
                    }
                    try await Task.sleep(for: Self.interval)
                }
            }
        }
    }

    /// Unless another process publishes: until one does, or the ledger fails.
    private func publishWhileHeld(to connection: any EventConnection) async throws {
        try await waiters.withSignal { signal in
            let hasPublished = try await ledger.whileHolding(
                Self.subscription, for: Self.lease, extendedEvery: Self.interval, onExtension: signal.wake
            ) { lease in
                logger.info("this process publishes the events")
                try await publish(to: connection, lease, signal)
            }
            if hasPublished, !Task.isCancelled { logger.warning("this process does not publish the events any more") }
        }
    }

    private func publish(
        to connection: any EventConnection, _ lease: SubscriptionLease, _ signal: CommitSignal
    ) async throws {
        var backlog = EventBacklog(try await ledger.cursors(of: Self.subscription))
        var wakes = signal.wakes.makeAsyncIterator()
        var nextLook = ContinuousClock.now
        while !Task.isCancelled, lease.isHeld {
            if .now >= nextLook {
                nextLook = .now + Self.interval
                try backlog.update(all: try await ledger.heads(of: .all))
            }
            backlog.update(signal.take())
            let keys = backlog.nextKeys(at: .now)
            if keys.isEmpty {
                await wakes.next()
            } else {
                try await publish(keys, of: &backlog, to: connection, lease)
            }
        }
    }

    private func publish(
        _ keys: [EntryKey], of backlog: inout EventBacklog, to connection: any EventConnection,
        _ lease: SubscriptionLease
    ) async throws {
        let entries = try await ledger.provenChanges(from: keys, limit: EventBacklog.share(of: keys) + 1)
        let page = try backlog.page(keys, entries, at: .now)
        // This process may have stood still since: another one publishes these then.
        guard lease.isHeld else { return }
        let outcomes = try await connection.publish(page.events)
        let failures = page.failures + outcomes.compactMap(\.failure)
        if let first = failures.first {
            logger.warning(
                "events are not confirmed, and are published again",
                metadata: ["count": "\(failures.count)", "error": "\(first)"])
        }
        let cursors = backlog.settle(page, outcomes, at: .now)
        guard !cursors.isEmpty else { return }
        try await ledger.advanceSubscription(Self.subscription, to: cursors, heldBy: lease.holder)
    }
}
