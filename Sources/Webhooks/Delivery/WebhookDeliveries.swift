public import Access
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
        /// Stores of which events are sent at a time, of all webhooks.
        public var atOnce = 128
        public var schedule = DeliverySchedule()
        /// Events that are read at a time.
        var page = 50
        /// Between two looks at the webhooks and ledgers.
        var interval = Duration.seconds(1)
        /// How long what became of events may wait to be stored, for all webhooks at once.
        var flush = Duration.milliseconds(200)

        public init() {}
    }

    public typealias Store = WebhookAdministration.Store

    private let store: any Store
    private let waiters: ChangeWaiters
    private let sender: WebhookSender
    private let idleClients = IdleClients()
    private let administration: WebhookAdministration
    private let limits: Limits
    private let observe: @Sendable (DeliveryOutcome) -> Void
    private let logger: Logger
    private let holder = String.randomID()
    /// The stores whose events wait for a replay, by webhook.
    private let parked = Mutex<[String: Int]>([:])
    /// Those that this process delivers.
    private let held = Mutex<[WebhookLane]>([])
    /// Whether the last look at the ledger failed, which is logged once.
    private let isFailing = Mutex(false)

    /// - Parameters:
    ///   - waiters: Receives the commits of this process.
    ///   - observe: Receives what became of each attempt. Must not wait for anything.
    public init(
        _ store: any Store, waiters: ChangeWaiters, sender: WebhookSender, limits: Limits = Limits(),
        observing observe: @escaping @Sendable (DeliveryOutcome) -> Void = { _ in }, logger: Logger
    ) {
        self.store = store
        self.waiters = waiters
        var senderOfDeliveries = sender
        senderOfDeliveries.idleClients = idleClients
        self.sender = senderOfDeliveries
        administration = WebhookAdministration(store, sender: sender, logger: logger)
        self.limits = limits
        self.observe = observe
        self.logger = logger
    }

    /// A warning while events wait for a replay, and how far the receivers are behind whose webhooks this process delivers.
    public func health() async -> [ComponentHealth] {
        let backlog = held.withLock(\.self).flatMap { $0.withQueue(\.backlog) }
        let components = [
            Self.health(parked: parked.withLock { $0 }),
            ComponentHealth(
                name: "webhooks:backlog", status: .pass, observed: Double(backlog.reduce(0) { $0 + $1.events }),
                unit: "events"),
        ]
        // A store's oldest is that of the receiver that has the least of it.
        let keys = Dictionary(backlog.map { ($0.key.storeID, $0.key.position) }, uniquingKeysWith: min)
            .map { EntryKey(storeID: $0, position: $1) }.sorted { $0.storeID < $1.storeID }
        guard let delay = try? await store.age(ofOldestAfter: keys) else { return components }
        let isLate = delay > Self.maximumDelay
        return components + [
            ComponentHealth(
                name: "webhooks:delay", status: isLate ? .warn : .pass, observed: delay / .seconds(1), unit: "s",
                output: isLate ? "a receiver does not take its events: they are sent again, for three days" : nil)
        ]
    }

    private static let maximumDelay = Duration.minutes(10)

    /// Whether events wait for a replay, as the store has it, whether or not anybody delivers; nothing if it does not respond.
    public static func health(of store: some WebhookStoring) async -> [ComponentHealth] {
        guard let webhooks = try? await store.webhooks(), let states = try? await store.deliveryStates()
        else { return [] }
        return [health(parked: parkedStores(of: webhooks, states))]
    }

    private static func parkedStores(
        of webhooks: [WebhookRecord], _ states: [String: [DeliveryState]]
    ) -> [String: Int] {
        let counts = webhooks.filter(\.isActive).map {
            ($0.id, (states[$0.id] ?? []).count { $0.parkedAt != nil })
        }
        return Dictionary(counts.filter { $1 > 0 }, uniquingKeysWith: { $1 })
    }

    private static func health(parked: [String: Int]) -> ComponentHealth {
        let output = parked.sorted { $0.key < $1.key }.map { id, stores in
            "the webhook \(id) did not take the events of \(stores) stores for days: they wait for `khata webhook replay`"
        }
        return ComponentHealth(
            name: "webhooks:parked", status: parked.isEmpty ? .pass : .warn,
            observed: Double(parked.values.reduce(0, +)), output: output.isEmpty ? nil : output.joined(separator: "; "))
    }

    public func run() async {
        var lanes: [String: WebhookLane] = [:]
        // Of the ledgers, at the last look.
        var ends: [StoreID: Position] = [:]
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
                        await sweep(&lanes, &ends)
                    }
                    let news = signal.take()
                    if !news.isEmpty { for lane in lanes.values { lane.advanceEnds(to: news) } }
                    for (lane, cursor) in startRuns(of: lanes) {
                        group.addTask {
                            await self.run(lane, after: cursor)
                            signal.wake()
                        }
                    }
                    if .now >= nextFlush {
                        nextFlush = .now + limits.flush
                        await flush(lanes.values)
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
        await flush(lanes.values)
        for lane in lanes.values { await release(lane) }
        await idleClients.close()
    }

    /// The webhooks take turns.
    private func startRuns(of lanes: [String: WebhookLane]) -> [(WebhookLane, SubscriptionCursor)] {
        var free = lanes.values.reduce(DeliveryRuns(limit: limits.atOnce)) { $0 - $1.runs }
        var started: [(WebhookLane, SubscriptionCursor)] = []
        for lane in lanes.values.shuffled() where free.all > 0 {
            let before = lane.runs
            started += lane.startRuns(free).map { (lane, $0) }
            free = free - (lane.runs - before)
        }
        return started
    }

    private static let pause = Duration.milliseconds(20)
    private static let grace = Duration.seconds(3)
}

// Which webhooks this process delivers.
extension WebhookDeliveries {
    /// Longer than an attempt, so that each attempt is over before another process takes over, and extended in time.
    private var hold: Duration { sender.timeout * 2 + limits.interval * 3 }

    private func sweep(_ lanes: inout [String: WebhookLane], _ ends: inout [StoreID: Position]) async {
        do {
            let webhooks = try await store.webhooks()
            let states = webhooks.isEmpty ? [:] : try await store.deliveryStates()
            let active = webhooks.filter(\.isActive)
            parked.withLock { $0 = Self.parkedStores(of: webhooks, states) }
            for (id, lane) in lanes {
                if !active.contains(where: { $0.id == id }) { lane.end() }
                guard lane.isOver else { continue }
                await release(lane)
                lanes[id] = nil
            }
            try await take(active, states, endsAt: ends, &lanes)
            held.withLock { [lanes] held in held = Array(lanes.values) }
            if !lanes.isEmpty { try await look(at: &ends, for: lanes) }
            for (id, lane) in lanes { try await beginReplays(states[id] ?? [], lane) }
            isFailing.withLock { $0 = false }
        } catch {
            let isNew = isFailing.withLock { isFailing in
                defer { isFailing = true }
                return !isFailing
            }
            if isNew { logger.warning("webhooks wait for the ledger", metadata: ["error": "\(error)"]) }
        }
    }

    /// Takes webhooks, or extends the time for which this process has them.
    private func take(
        _ webhooks: [WebhookRecord], _ states: [String: [DeliveryState]], endsAt ends: [StoreID: Position],
        _ lanes: inout [String: WebhookLane]
    ) async throws {
        let now = ContinuousClock.now
        for webhook in webhooks { lanes[webhook.id]?.update(webhook) }
        let wanted = webhooks.filter { lanes[$0.id].map { !$0.isHeld(until: now + hold * 5 / 6) } ?? true }
        guard !wanted.isEmpty else { return }
        let held = try await store.holdWebhooks(wanted.map(\.id), as: holder, for: hold)
        for webhook in wanted {
            if let lane = lanes[webhook.id] {
                if held.contains(webhook.id) { lane.extend(until: now + hold) } else { lane.end() }
            } else if held.contains(webhook.id) {
                let queue = DeliveryQueue(
                    cursors: try await store.cursors(of: webhook.subscriptionID), states: states[webhook.id] ?? [],
                    maximumRuns: limits.storesAtOnce, schedule: limits.schedule)
                let lane = WebhookLane(webhook, queue, heldUntil: now + hold, observing: observe)
                lane.advanceEnds(to: ends)
                lanes[webhook.id] = lane
            }
        }
    }

    /// Looks how far the ledgers are. Only those that changed cost the webhooks anything.
    private func look(at ends: inout [StoreID: Position], for lanes: [String: WebhookLane]) async throws {
        let heads = try await store.heads(of: .all)
        let changed = heads.filter { ends[$0.storeID] != $0.position }.map { ($0.storeID, $0.position) }
        let changedEnds = Dictionary(changed, uniquingKeysWith: max)
        ends.merge(changedEnds) { $1 }
        for lane in lanes.values {
            if !changedEnds.isEmpty { lane.advanceEnds(to: changedEnds) }
            lane.withQueue { $0.readAgain() }
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
        if states.contains(where: { $0.replayAfter != nil }) { await flush([lane]) }
    }

    private func release(_ lane: WebhookLane) async {
        await flush([lane])
        try? await store.releaseSubscription(lane.webhook.subscriptionID, heldBy: holder)
    }

    /// In one transaction, however many webhooks there are; none if nothing changed.
    private func flush(_ lanes: some Collection<WebhookLane>) async {
        let changed = lanes.map { ($0, $0.withQueue { $0.takeChanges() }) }.filter { !$1.isEmpty }
        guard !changed.isEmpty else { return }
        do {
            let lost = try await store.storeProgress(
                changed.map { DeliveryProgress($0.webhook.id, cursors: $1.cursors, states: $1.states) },
                heldBy: holder)
            for (lane, _) in changed where lost.contains(lane.webhook.id) { lane.end() }
        } catch {
            for (lane, changes) in changed { lane.withQueue { $0.putBack(changes) } }
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
