import GRDB
import Inventory

/// The positions of a ledger for a read: after `first`, up to `last`.
struct PositionRange: Sendable {
    let storeID: StoreID
    var first: Position
    let last: Position

    var isEmpty: Bool { first >= last }
}

extension Database {
    /// The last position of a ledger before a moment, 0 if there is none. Times never decrease and positions have no
    /// gaps, so a binary search over the primary key finds it, without an index by time.
    func lastPosition(of storeID: StoreID, before moment: Timestamp) throws -> Position {
        var low: Int64 = 0
        var high = try rows(Self.highestPosition, storeID.rawValue, decode: { try $0.value(0) as Int64 }).first ?? 0
        while low < high {
            let middle = high - (high - low) / 2
            let time = try rows(Self.timeAt, storeID.rawValue, middle, decode: { try $0.time(0) }).first
            guard let time else { throw DatabaseError(damaged: "an entry of the audit log is missing") }
            if time < moment {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return Position(rawValue: low)
    }

    /// The ledgers to be read, including archived ones, by store, with their positions in the period.
    /// - Parameter from: The first store.
    func positions(
        in period: Period, of storeID: StoreID?, scope: StoreScope, from first: StoreID
    ) throws -> [PositionRange] {
        try rows(Self.ledgers, storeID?.rawValue, scope.json, first.rawValue) { row in
            let storeID = try row.storeID(0)
            return PositionRange(
                storeID: storeID,
                first: try period.from.map { try lastPosition(of: storeID, before: $0) } ?? .zero,
                last: try period.to.map { try lastPosition(of: storeID, before: $0) } ?? row.position(1))
        }
    }

    private static let highestPosition = "select coalesce(max(position), 0) from audit_log where store_id = ?"

    private static let timeAt = "select recorded_at from audit_log where store_id = ? and position = ?"

    private static let ledgers = """
        select store_id, position from stores
        where (?1 is null or store_id = ?1) and (?2 is null or store_id in (select value from json_each(?2)))
            and store_id >= ?3
        order by store_id
        """
}
