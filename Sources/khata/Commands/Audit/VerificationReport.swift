import Inventory
import InventoryContract
import JSON

/// The result of verifying a shop's ledgers.
struct VerificationReport: Sendable {
    private struct Ledger: Sendable {
        let storeID: StoreID
        let head: LedgerHead?
        let differences: LedgerDifferences
        let acknowledged: [AcknowledgedDifference]
    }

    private let showsAll: Bool
    /// Whether the caller may read the catalog's log.
    var seesCatalog = true
    /// Whether only one ledger was verified.
    var isPartial = false
    /// The kept heads of the verified ledgers.
    private let keptHeads: [StoredHead]
    /// What the storage lacks that keeps history from being changed.
    var protectionDefects: [String] = []
    private var ledgers: [Ledger] = []
    private var levels = 0
    private var products = 0
    private var stores = 0
    private var credentials = 0

    init(showsAll: Bool, keptHeads: [StoredHead]) {
        self.keptHeads = keptHeads
        self.showsAll = showsAll
    }

    mutating func add(_ storeID: StoreID, _ finding: LedgerFinding) {
        ledgers.append(
            Ledger(
                storeID: storeID, head: finding.head, differences: finding.differences,
                acknowledged: finding.acknowledged))
        levels += finding.levels
        products += finding.products
        stores += finding.stores
        credentials += finding.credentials
    }

    var differences: Int { ledgers.reduce(0) { $0 + $1.differences.count } }

    /// `nil` if everything is as it should be.
    var failure: Failure? {
        let reasons = [
            differences == 0 ? nil : "\(differences.thingsThatDoNot) follow from the audit log",
            protectionDefects.isEmpty ? nil : "the database does not protect history as the migration set it up",
        ].compactMap(\.self)
        return reasons.isEmpty ? nil : Failure(reasons.joined(separator: ", and "))
    }

    /// The heads of the ledgers.
    var heads: [LedgerHead] { ledgers.compactMap(\.head) }

    private var keptAt: Timestamp? { keptHeads.map(\.notedAt).max() }

    private var entries: Int { heads.reduce(0) { $0 + Int($1.position.rawValue) } }

    /// What was not compared, and why.
    private var omissions: [String] {
        var omissions: [String] = []
        if !showsAll {
            omissions.append(
                "the ends that ledgers keep, the positions of levels, versions, what is archived, keys and users, what was "
                    + "acknowledged, and the triggers and privileges of the database: a server shows none of these")
        }
        if !seesCatalog {
            omissions.append("the names of products and stores: the catalog's log is for who may see all stores")
        }
        if isPartial { omissions.append("other ledgers than this one") }
        return omissions
    }

    var text: String {
        let counts = [
            ("entries", entries), ("levels", levels), ("products", products), ("stores", stores),
            ("keys and users", credentials),
        ].map { "\($0) \($1.grouped)" }
        let kept =
            keptAt.map { ", ends of ledgers that were kept \(keptHeads.count.grouped), the last ones at \($0)" } ?? ""
        return (["compared: \(counts.joined(separator: ", "))\(kept)"] + omissions.map { "not compared: \($0)" })
            .joined(separator: "\n")
    }

    var json: String {
        String { json in
            json.openObject()
            json.field("is_sound", failure == nil)
            json.key("ledgers")
            json.openArray()
            for ledger in ledgers {
                json.openObject()
                json.field("store_id", ledger.storeID)
                json.key("position")
                if let head = ledger.head { json.value(head.position.rawValue) } else { json.null() }
                json.nullableField("hash", ledger.head?.hash.description)
                json.field("differences", Int64(ledger.differences.count))
                json.closeObject()
            }
            json.closeArray()
            json.key("compared")
            json.openObject()
            json.field("entries", Int64(entries))
            json.field("levels", Int64(levels))
            json.field("products", Int64(products))
            json.field("stores", Int64(stores))
            json.field("credentials", Int64(credentials))
            json.field("kept_heads", Int64(keptHeads.count))
            json.nullableField("kept_at", keptAt?.description)
            json.closeObject()
            json.key("not_compared")
            json.openArray()
            for omission in omissions { json.value(omission) }
            json.closeArray()
            json.key("protection_defects")
            json.openArray()
            for defect in protectionDefects { json.value(defect) }
            json.closeArray()
            json.key("differences")
            json.openArray()
            for difference in ledgers.flatMap(\.differences.first) {
                json.openObject()
                json.fields(of: difference)
                json.closeObject()
            }
            json.closeArray()
            json.key("acknowledged")
            json.openArray()
            for known in ledgers.flatMap(\.acknowledged) {
                json.openObject()
                json.fields(of: known.difference)
                json.field("actor", known.actor)
                json.field("acknowledged_at", known.acknowledgedAt)
                json.field("note", known.note)
                json.closeObject()
            }
            json.closeArray()
            json.closeObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func fields(of difference: LedgerDifference) {
        field("store_id", difference.storeID)
        key("product_id")
        if let id = difference.productID { value(id.rawValue) } else { null() }
        nullableField("subject", difference.subject)
        key("position")
        if let position = difference.position { value(position.rawValue) } else { null() }
        field("detail", difference.detail)
        nullableField("found", difference.found)
        nullableField("expected", difference.expected)
    }
}
