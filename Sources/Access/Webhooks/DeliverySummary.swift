public import Inventory
import JSON

/// How far a webhook is, in all of its stores.
public struct DeliverySummary: Hashable, Sendable {
    /// Entries of the ledgers that its receiver has not got.
    public let behind: Int64
    /// The stores whose next event was sent without success and will be sent again.
    public let failingStores: Int
    /// The stores of which nothing more is sent.
    public let parkedStores: Int
    /// Since when the first of them is.
    public let parkedSince: Timestamp?
    /// When the first attempt comes.
    public let nextAttemptAt: Timestamp?
    /// Of the store with the most failed attempts.
    public let lastFailure: String?

    /// - Parameter heads: Of the webhook's stores.
    public init(_ states: [DeliveryState], cursors: [SubscriptionCursor], heads: [LedgerHead]) {
        let positions = Dictionary(
            cursors.map { ($0.storeID, $0.position.rawValue) }, uniquingKeysWith: max)
        behind = heads.reduce(0) {
            $0 + max(0, $1.position.rawValue - positions[$1.storeID, default: 0])
        }
        let parked = states.compactMap(\.parkedAt)
        (parkedStores, parkedSince) = (parked.count, parked.min())
        failingStores = states.count { $0.attempts > 0 } - parked.count
        nextAttemptAt = states.compactMap(\.nextAttemptAt).min()
        lastFailure = states.max { $0.attempts < $1.attempts }?.lastFailure
    }
}

extension JSONWriter {
    mutating func value(_ summary: DeliverySummary) {
        openObject()
        field("behind", summary.behind)
        field("failing_stores", Int64(summary.failingStores))
        field("parked_stores", Int64(summary.parkedStores))
        nullableField("parked_since", summary.parkedSince)
        nullableField("next_attempt_at", summary.nextAttemptAt)
        nullableField("last_failure", summary.lastFailure)
        closeObject()
    }
}
