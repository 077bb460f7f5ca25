import Access
import Inventory
import InventoryContract
import Logging

/// Commands that were refused: how many with each code, and which one was the first.
struct RefusedCommands: Sendable {
    private var counts: [ProblemCode: Int] = [:]
    /// Nothing but what has been validated: it is logged.
    private var first: (key: String?, user: String?, store: StoreID?)?

    var count: Int { counts.values.reduce(0, +) }

    mutating func add<Origin>(_ command: ReceivedCommand<Origin>, _ problem: Problem) {
        counts[problem.code, default: 0] += 1
        guard first == nil else { return }
        first = (
            command.key.flatMap { IdempotencyKey.isValid($0) ? $0 : nil },
            command.sender?.principal.id ?? command.user.flatMap(BrokerUsers.principalID),
            Int64(ledgerNumber: command.routingKey[...]).map(StoreID.init)
        )
    }

    mutating func add(_ other: RefusedCommands) {
        counts.merge(other.counts, uniquingKeysWith: +)
    }

    /// Such as `expired 1, insufficient-stock 3`.
    var text: String {
        counts.map { "\($0.rawValue) \($1)" }.sorted().joined(separator: ", ")
    }

    /// For one line of the log, however many there are. Nil if there are none.
    var metadata: Logger.Metadata? {
        guard let first else { return nil }
        var metadata: Logger.Metadata = ["count": "\(count)", "codes": "\(text)"]
        metadata["first_key"] = first.key.map { "\($0)" }
        metadata["first_user"] = first.user.map { "\($0)" }
        metadata["first_store"] = first.store.map { "\($0)" }
        return metadata
    }
}
