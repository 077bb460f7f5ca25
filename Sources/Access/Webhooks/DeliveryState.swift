public import Inventory
public import JSON

/// Where a webhook stands in a store's ledger, and what keeps it from the next event.
public struct DeliveryState: Hashable, Sendable {
    public let storeID: StoreID
    /// The last position that its receiver has.
    public var position: Position
    /// How often the next event was sent without success.
    public var attempts: Int
    public var nextAttemptAt: Timestamp?
    /// Since when nothing more is sent: all attempts failed.
    public var parkedAt: Timestamp?
    /// Why the last attempt failed.
    public var lastFailure: String?
    /// Somebody wants the events after this position.
    public var replayAfter: Position?

    public init(
        storeID: StoreID, position: Position = .zero, attempts: Int = 0, nextAttemptAt: Timestamp? = nil,
        parkedAt: Timestamp? = nil, lastFailure: String? = nil, replayAfter: Position? = nil
    ) {
        self.storeID = storeID
        self.position = position
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.parkedAt = parkedAt
        self.lastFailure = lastFailure
        self.replayAfter = replayAfter
    }
}

extension DeliveryState {
    /// From `store_id, attempts, next_attempt_at, parked_at, last_failure, replay_after`, starting at a column; -1 is no replay.
    package init(_ row: some LedgerRow, from first: Int) throws {
        try self.init(
            storeID: row.storeID(first), attempts: Int(row.int64(first + 1)),
            nextAttemptAt: row.optionalMoment(first + 2), parkedAt: row.optionalMoment(first + 3),
            lastFailure: row.optionalText(first + 4),
            replayAfter: row.int64(first + 5) < 0 ? nil : row.position(first + 5))
    }
}

extension JSONWriter {
    public mutating func value(_ state: DeliveryState) {
        openObject()
        field("store_id", state.storeID)
        field("position", state.position)
        field("attempts", Int64(state.attempts))
        nullableField("next_attempt_at", state.nextAttemptAt)
        nullableField("parked_at", state.parkedAt)
        nullableField("last_failure", state.lastFailure)
        nullableField("replay_after", state.replayAfter)
        closeObject()
    }
}
