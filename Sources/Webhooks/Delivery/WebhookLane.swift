import Access
import Inventory
import ServiceLifecycle
import StockEvents
import Synchronization

/// The delivery of one webhook, while this process holds its subscription.
final class WebhookLane: Sendable {
    private struct State {
        var webhook: WebhookRecord
        var queue: DeliveryQueue
        /// Until when nobody else delivers; `nil` once nothing more is sent.
        var heldUntil: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let observe: @Sendable (DeliveryOutcome) -> Void

    init(
        _ webhook: WebhookRecord, _ queue: DeliveryQueue, heldUntil: ContinuousClock.Instant,
        observing observe: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        self.observe = observe
        state = Mutex(State(webhook: webhook, queue: queue, heldUntil: heldUntil))
    }

    var webhook: WebhookRecord { state.withLock(\.webhook) }

    var isIdle: Bool { state.withLock { $0.queue.isIdle } }

    /// Whether nothing is sent, and nothing will be.
    var isOver: Bool { state.withLock { $0.heldUntil == nil && $0.queue.isIdle } }

    /// It may have other secrets.
    func update(_ webhook: WebhookRecord) { state.withLock { $0.webhook = webhook } }

    /// Whether nobody else delivers until a moment.
    func isHeld(until moment: ContinuousClock.Instant) -> Bool {
        state.withLock { state in state.heldUntil.map { $0 > moment } ?? false }
    }

    func extend(until end: ContinuousClock.Instant) {
        state.withLock { state in state.heldUntil = state.heldUntil.map { _ in end } }
    }

    /// What is being sent may arrive.
    func end() { state.withLock { $0.heldUntil = nil } }

    func withQueue<Value: Sendable>(_ body: (inout DeliveryQueue) -> Value) -> Value {
        state.withLock { body(&$0.queue) }
    }

    func advanceEnds(to ends: [StoreID: Position]) {
        state.withLock { state in
            let scope = state.webhook.scope
            state.queue.advanceEnds(to: ends.filter { scope.contains($0.key) })
        }
    }

    /// How many stores' events are being sent.
    var runs: DeliveryRuns { state.withLock(\.queue.runs) }

    /// - Parameter free: How many may be started at most.
    /// - Returns: The cursors after which events are to be sent now, each of another store.
    func startRuns(_ free: DeliveryRuns) -> [SubscriptionCursor] {
        state.withLock { $0.heldUntil == nil ? [] : $0.queue.start(at: .now, free: free) }
    }

    /// Sends a page of a store's events after a cursor.
    func run(
        after cursor: SubscriptionCursor, limit: Int, of ledger: any ChangeReading, through sender: WebhookSender
    ) async -> DeliveryQueue.End {
        let events: [ChangeEvent]
        do throws(LedgerError) {
            events = try await ledger.events(after: cursor, limit: limit)
        } catch .historyChanged {
            // The stored cursors are of the ledger's history.
            end()
            return .unreadable
        } catch {
            return .unreadable
        }
        do {
            guard events.contains(where: { webhook.wants($0) }) else {
                for event in events where !advance(past: event) { break }
                return .stopped
            }
            return try await sender.withReceiver(webhook.url) { receiver in
                try await send(events, to: &receiver)
                return .stopped
            }
        } catch {
            // The process or this lane ends: that is not the receiver's fault.
            guard !Task.isCancelled else { return .stopped }
            let failure = error as? DeliveryFailure ?? DeliveryFailure(sending: error, within: sender.timeout)
            observe(failure.outcome)
            return .failed(failure)
        }
    }

    private func send(_ events: [ChangeEvent], to receiver: inout Receiver) async throws {
        for event in events {
            let webhook = webhook
            if webhook.wants(event) {
                guard isHeld(until: .now + receiver.timeout), !Task.isShuttingDownGracefully else { return }
                let now = Timestamp.now
                _ = try await receiver.send(WebhookMessage(event), signedBy: webhook.secrets(at: now), at: now)
                observe(.delivered)
            }
            guard advance(past: event) else { return }
        }
    }

    /// - Returns: Whether to go on.
    private func advance(past event: ChangeEvent) -> Bool { withQueue { $0.advance(to: event.cursor) } }
}

extension WebhookRecord {
    func wants(_ event: ChangeEvent) -> Bool { types?.contains(event.type) ?? true }
}
