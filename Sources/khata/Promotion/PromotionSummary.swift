import Inventory
import InventoryContract
import JSON

/// The result of a promotion, and of its comparison.
struct PromotionSummary: Sendable {
    /// The catalog's first.
    let ledgers: [LedgerComparison]
    let targetName: String
    /// Whether an earlier run had completed it.
    let wasDone: Bool
    let duration: Duration

    var differences: [String] { ledgers.flatMap(\.differences) }

    /// Tenths of a second are exact enough.
    private var seconds: Double { (duration / .seconds(1) * 10).rounded() / 10 }

    private var movements: Int { ledgers.reduce(0) { $0 + Int($1.totals.movements) } }

    var text: String {
        var table = Table(
            [
                .number("STORE"), .text("NAME"), .number("ENTRIES"), .number("MOVEMENTS"), .number("LEVELS"),
                .text("LAST HASH"),
            ], styling: .standardOutput)
        var lines = table.lines(
            ledgers.map { ledger in
                [
                    Table.Cell(ledger.storeID.description), Table.Cell(ledger.name), .amount(ledger.totals.entries),
                    .amount(ledger.totals.movements), .amount(Int64(ledger.levels)),
                    Table.Cell(ledger.totals.hash.map { "\($0)".prefix(16) + "…" }),
                ]
            })
        if differences.isEmpty {
            lines.append(
                (wasDone ? "The shop was moved to \(targetName) before" : "The shop is open in \(targetName)")
                    + ": \(movements.grouped) movements, every level, count and chain is the same, after \(seconds) s.")
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        String { json in
            json.openObject()
            json.field("database", targetName)
            json.field("was_done", wasDone)
            json.field("is_same", differences.isEmpty)
            json.key("seconds")
            json.value(json: "\(seconds)")
            json.key("ledgers")
            json.openArray()
            for ledger in ledgers { ledger.write(to: &json) }
            json.closeArray()
            json.closeObject()
        }
    }
}

extension LedgerComparison {
    fileprivate func write(to json: inout JSONWriter<[UInt8]>) {
        json.openObject()
        json.field("store_id", storeID)
        json.field("name", name)
        json.field("entries", totals.entries)
        json.field("movements", totals.movements)
        json.field("levels", Int64(levels))
        json.nullableField("hash", totals.hash?.description)
        json.key("differences")
        json.openArray()
        for difference in differences { json.value(difference) }
        json.closeArray()
        json.closeObject()
    }
}
