import Access
import Basics
public import Inventory
public import Logging
public import ServiceLifecycle
public import StockEvents
import Synchronization

/// Sends events to webhooks, for as long as this service runs.
///
/// The ledger itself is the source, and a webhook's cursors say what its receiver has. Of several processes, one at a time
/// delivers a webhook; when it ends or dies, another one takes over. Nothing here is part of recording a change.
public final class WebhookDeliveries: Service {
    /// How much is done at a time, and when.
    public struct Limits: Sendable {
        /// Stores of which events are sent to a webhook at a time. So a receiver that hangs takes that many connections, and
        /// none of other webhooks.
        public var storesAtOnce = 4
        public var schedule = DeliverySchedule()
        /// Events that are read at a time.
        var page = 50
        /// Between two looks at the webhooks and ledgers.
        var interval = Duration.seconds(1)
        /// How long cursors may wait to be stored.
        var flush = Duration.milliseconds(200)

        public init() {}
    }

    public typealias Store = WebhookAdministration.Store

    private let store: any Store
    private let waiters: ChangeWaiters
    private let sender: WebhookSender
    private let administration: WebhookAdministration
    private let limits: Limits
    private let logger: Logger
    private let holder = String.randomID()
    /// The stores whose events wait for a replay, by webhook.
    private let parked = Mutex<[String: Int]>([:])
    /// Whether the last look at the ledger failed, which is logged once.
    private let isFailing = Mutex(false)

    /// - Parameter waiters: Receives the commits of this process.
    public init(
        _ store: any Store, waiters: ChangeWaiters, sender: WebhookSender, limits: Limits = Limits(), logger: Logger
    ) {
        self.store = store
        self.waiters = waiters
        self.sender = sender
        administration = WebhookAdministration(store, sender: sender, logger: logger)
        self.limits = limits
        self.logger = logger
    }

    /// A warning while events wait for a replay.
    public func health() -> ComponentHealth {
        let parked = parked.withLock { $0 }
        let output = parked.sorted { $0.key < $1.key }.map { id, stores in
            "the webhook \(id) did not take the events of \(stores) stores for days: they wait for `khata webhook replay`"
        }
        return ComponentHealth(
            name: "webhooks:parked", status: parked.isEmpty ? .pass : .warn,
            observed: Double(parked.values.reduce(0, +)), output: output.isEmpty ? nil : output.joined(separator: "; "))
    }

    public func run() async {
        var lanes: [String: WebhookLane] = [:]
        await waiters.withSignal { signal in
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await cancelWhenGracefulShutdown {
                        while (try? await Task.sleep(for: self.limits.interval)) != nil { signal.wake() }
                    }
                    signal.wake()
                }
                signal.wake()
                var (nextSweep, nextFlush) = (ContinuousClock.now, ContinuousClock.now)
                for await _ in signal.wakes {
                    guard !Task.isShuttingDownGracefully else { break }
                    if .now >= nextSweep {
                        nextSweep = .now + limits.interval
                        await sweep(&lanes)
                    }
                    let ends = signal.take()
                    for lane in lanes.values {
                        lane.advanceEnds(to: ends)
                        for cursor in lane.startRuns() {
                            group.addTask {
                                await self.run(lane, after: cursor)
                                signal.wake()
                            }
                        }
                    }
                    if .now >= nextFlush {
                        nextFlush = .now + limits.flush
                        for lane in lanes.values { await flush(lane) }
                    }
                    // More news gathers meanwhile.
                    try? await Task.sleep(for: Self.pause)
                }
                // What is being sent may arrive: otherwise it is sent again.
                let deadline = ContinuousClock.now + Self.grace
                while lanes.values.contains(where: { !$0.isIdle }), .now < deadline {
                    try? await Task.sleep(for: Self.pause)
                }
                group.cancelAll()
            }
        }
        for lane in lanes.values { await release(lane) }
    }

    private static let pause = Duration.milliseconds(20)
    private static let grace = Duration.seconds(3)
}

// Which webhooks this process delivers.
extension WebhookDeliveries {
    /// Longer than an attempt, so that each attempt is over before another process takes over, and extended in time.
    private var hold: Duration { sender.timeout * 2 + limits.interval * 3 }

    private func sweep(_ lanes: inout [String: WebhookLane]) async {
        do {
            let webhooks = try await store.webhooks()
            let states = webhooks.isEmpty ? [:] : try await store.deliveryStates()
            let active = webhooks.filter(\.isActive)
            let counts = active.map { ($0.id, (states[$0.id] ?? []).count { $0.parkedAt != nil }) }.filter { $1 > 0 }
            parked.withLock { $0 = Dictionary(counts, uniquingKeysWith: { $1 }) }
            for (id, lane) in lanes {
                if !active.contains(where: { $0.id == id }) { lane.end() }
                guard lane.isOver else { continue }
                await release(lane)
                lanes[id] = nil
            }
            for webhook in active { try await deliver(webhook, states[webhook.id] ?? [], &lanes) }
            if !lanes.isEmpty {
                let heads = try await store.heads(of: .all)
                let ends = Dictionary(heads.map { ($0.storeID, $0.position) }, uniquingKeysWith: max)
                for lane in lanes.values { lane.advanceEnds(to: ends) }
            }
            isFailing.withLock { $0 = false }
        } catch {
            let isNew = isFailing.withLock { isFailing in
                defer { isFailing = true }
                return !isFailing
            }
            if isNew { logger.warning("webhooks wait for the ledger", metadata: ["error": "\(error)"]) }
        }
    }

    /// Takes a webhook, or extends the time for which this process has it.
    private func deliver(
        _ webhook: WebhookRecord, _ states: [DeliveryState], _ lanes: inout [String: WebhookLane]
    ) async throws {
        let now = ContinuousClock.now
        if let lane = lanes[webhook.id] {
            lane.update(webhook)
            if !lane.isHeld(until: now + hold * 5 / 6) {
                let isHeld = try await store.holdSubscription(webhook.subscriptionID, as: holder, for: hold)
                if isHeld { lane.extend(until: now + hold) } else { lane.end() }
            }
            try await beginReplays(states, lane)
        } else if try await store.holdSubscription(webhook.subscriptionID, as: holder, for: hold) {
            let queue = DeliveryQueue(
                cursors: try await store.cursors(of: webhook.subscriptionID), states: states,
                maximumRuns: limits.storesAtOnce, schedule: limits.schedule)
            let lane = WebhookLane(webhook, queue, heldUntil: now + hold)
            lanes[webhook.id] = lane
            try await beginReplays(states, lane)
        }
    }

    private func beginReplays(_ states: [DeliveryState], _ lane: WebhookLane) async throws {
        for state in states {
            guard let position = state.replayAfter else { continue }
            guard let cursor = try await store.cursor(at: position, of: state.storeID) else {
                logger.error(
                    "a replay is not possible: the ledger has no such position",
                    metadata: ["webhook": "\(lane.webhook.id)", "store_id": "\(state.storeID)", "after": "\(position)"])
                continue
            }
            lane.withQueue { $0.replay(after: cursor) }
        }
        // So that the next look does not find it again.
        if states.contains(where: { $0.replayAfter != nil }) { await flush(lane) }
    }

    private func release(_ lane: WebhookLane) async {
        await flush(lane)
        try? await store.releaseSubscription(lane.webhook.subscriptionID, heldBy: holder)
    }

    private func flush(_ lane: WebhookLane) async {
        let changes = lane.withQueue { $0.takeChanges() }
        guard !changes.isEmpty else { return }
        let webhook = lane.webhook
        do {
            if !changes.cursors.isEmpty {
                try await store.advanceSubscription(webhook.subscriptionID, to: changes.cursors, heldBy: holder)
            }
            if !changes.states.isEmpty {
                try await store.putDeliveryStates(changes.states, of: webhook.id, heldBy: holder)
            }
        } catch LedgerError.refused, LedgerError.historyChanged {
            lane.end()
        } catch {
            lane.withQueue { $0.putBack(changes) }
        }
    }
}

// What becomes of events.
extension WebhookDeliveries {
    private func run(_ lane: WebhookLane, after cursor: SubscriptionCursor) async {
        let end = await lane.run(after: cursor, limit: limits.page, of: store, through: sender)
        if case .failed(let failure) = end, failure.isGone {
            _ = try? await administration.disable(
                lane.webhook.id, because: "the receiver responded with 410 Gone",
                CommandContext(actor: "khata", requestID: "webhook-delivery"))
        }
        let state = lane.withQueue {
            $0.finish(cursor.storeID, end, at: .now, chance: .random(in: 0...1))
        }
        if let state { log(state, lane.webhook) }
    }

    private func log(_ state: DeliveryState, _ webhook: WebhookRecord) {
        let metadata: Logger.Metadata = [
            "webhook": "\(webhook.id)", "store_id": "\(state.storeID)", "attempts": "\(state.attempts)",
            "failure": "\(state.lastFailure ?? "")",
        ]
        if state.parkedAt != nil {
            logger.error(
                "a webhook did not take an event for days: its store's events wait for a replay", metadata: metadata)
        } else {
            logger.log(
                level: state.attempts == 1 ? .warning : .info, "a webhook did not take an event", metadata: metadata)
        }
    }
}

extension ChangeReading {
    /// The cursor of an entry; `nil` if there is none.
    fileprivate func cursor(at position: Position, of store: StoreID) async throws -> SubscriptionCursor? {
        guard position > .zero else { return SubscriptionCursor(beginning: store) }
        let found = try await provenChanges(from: [EntryKey(storeID: store, position: position)], limit: 1)
        guard let entry = found.first, entry.position == position else { return nil }
        return SubscriptionCursor(storeID: store, position: position, hash: entry.hash)
    }
}
