public import ArgumentParser
public import Inventory
import InventoryContract

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Lists, verifies and anchors the audit log.",
        subcommands: [List.self, Verify.self, Acknowledge.self, Anchor.self])
}

extension AuditCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists who changed what and when, oldest first, store by store.")

        @Option(help: "Only this store; 0 is the catalog.")
        var store: Int64?

        @Option(help: "Only changes by this principal, such as key:7f3a….")
        var actor: String?

        @Option(help: "Only this action, such as sale or product-created.")
        var action: AuditAction?

        @OptionGroup var period: PeriodOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func validate() throws {
            if let store, !(0...maximumJSONInteger).contains(store) {
                throw ValidationError("--store has to be a store's number, or 0 for the catalog.")
            }
        }

        func run() async throws {
            let storeID = store.map(StoreID.init(rawValue:))
            let query = AuditQuery(
                storeID: storeID, actor: actor, action: action, period: period.period, limit: 1_000)
            try await options.shop().open { ledger in
                try await explaining(Subject(storeID: storeID)) {
                    try await listing.print(json: output.json) { key throws(LedgerError) in
                        var query = query
                        query.after = key
                        return try await ledger.audit(query, Freshness()).value
                    }
                }
            }
        }

        private var listing: Listing<AuditEntry, EntryKey> {
            Listing(
                columns: [
                    .number("STORE"), .number("POSITION"), .text("TIME (UTC)"), .text("ACTOR"), .text("ACTION"),
                    .text("DETAIL"),
                ],
                row: { entry in
                    [
                        Table.Cell(entry.storeID.description), Table.Cell(entry.position.description),
                        Table.Cell(entry.recordedAt.forPeople), Table.Cell(entry.actor),
                        Table.Cell(entry.actionName), Table.Cell(entry.detail),
                    ]
                }, write: { $0.value($1) }, nothing: "The log has no such entry.")
        }
    }
}

extension AuditAction: ExpressibleByArgument {
    public init?(argument: String) {
        guard let action = Self.ofLedgers.first(where: { $0.rawValue == argument }) else { return nil }
        self = action
    }

    public static var allValueStrings: [String] { ofLedgers.map(\.rawValue) }
}
