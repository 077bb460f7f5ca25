import GRDB
import Inventory

/// Reads the state that a batch of commands depends on, decides, and writes the decision.
struct MovementTransaction: Sendable {
    let commands: [MovementCommand]
    let history: History

    func execute(_ database: Database) throws -> Written<Decision> {
        let decision = decide(commands, on: try state(database))
        for entry in decision.entries { try entry.insert(into: database) }
        for entry in decision.audit { try entry.insert(into: database) }
        for entry in decision.lastEntries.values { try entry.putLevel(into: database) }
        for head in decision.heads.values { try head.update(in: database) }
        for record in decision.records { try record.insert(into: database) }
        return Written(value: decision, isEmpty: decision.audit.isEmpty && decision.records.isEmpty)
    }

    private func state(_ database: Database) throws -> LockedState {
        var state = LockedState(now: .now, history: history)
        var levels = Set<LevelKey>()
        for command in commands { command.forEachLevel { levels.insert($0) } }
        for storeID in Set(levels.map(\.storeID)) {
            state.heads[storeID] = try LedgerHead.ofStoreInUse(storeID, in: database)
        }
        for productID in Set(levels.map(\.productID)) where try Product.isInUse(productID, in: database) {
            state.products.insert(productID)
        }
        for level in levels {
            state.onHand[level] = try database.rows(
                Self.level, level.storeID.rawValue, level.productID.rawValue, decode: { try $0.value(0) as Int64 }
            ).first
        }
        for scope in commands.compactMap(\.context.idempotency?.scope) where state.records[scope] == nil {
            state.records[scope] = try IdempotencyRecord.find(scope, in: database)
        }
        for record in try commands.importRecords(besides: state.records, in: database) {
            state.records[record.key.scope] = record
        }
        return state
    }

    private static let level = "select on_hand from stock_levels where store_id = ? and product_id = ?"
}

extension Product {
    fileprivate static func isInUse(_ id: ProductID, in database: Database) throws -> Bool {
        try !database.rows(inUse, id.rawValue, decode: { _ in () }).isEmpty
    }

    private static let inUse = "select 1 from products where product_id = ? and archived_at is null"
}

extension LedgerEntry {
    fileprivate func insert(into database: Database) throws {
        try database.run(
            Self.insert, storeID.rawValue, position.rawValue, productID.rawValue, type.rawValue, quantity, onHandAfter,
            transferID, notes.reference, notes.note, notes.occurredAt?.microseconds, recordedAt.microseconds)
    }

    /// The level after the movement.
    fileprivate func putLevel(into database: Database) throws {
        try database.run(
            Self.putLevel, storeID.rawValue, productID.rawValue, onHandAfter, position.rawValue,
            recordedAt.microseconds)
    }

    private static let insert = """
        insert into movements (store_id, position, product_id, type, quantity, on_hand_after, transfer_id, reference,
            note, occurred_at, recorded_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let putLevel = """
        insert into stock_levels (store_id, product_id, on_hand, position, recorded_at) values (?, ?, ?, ?, ?)
        on conflict (store_id, product_id) do update
        set on_hand = excluded.on_hand, position = excluded.position, recorded_at = excluded.recorded_at
        """
}
