import ArgumentParser
import Foundation
import Inventory

extension AuditCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies the audit log, and everything derived from it.",
            discussion: """
                Checks the log's hash chains, every movement against its entry, and everything derived from them: \
                levels, products, stores and ledger heads, including archived ones. A file is first checked whole. The \
                shop may be open meanwhile.

                Anyone who can write to the database can also truncate all logs, or rewrite them. To detect that, keep \
                the ends of the ledgers elsewhere (--write-heads) and compare with them the next time (--heads).

                Through a server, data that it does not expose is not compared, and the output says so.
                """)

        @Option(help: "Only this store; 0 is the catalog.")
        var store: Int64?

        @Option(
            help: ArgumentHelp(
                "Compare with the ends of ledgers in this file, which --write-heads wrote.", valueName: "file"),
            completion: .file())
        var heads: String?

        @Option(
            help: ArgumentHelp(
                "Write the ends of all ledgers to this file, if nothing is wrong. An existing one is compared with "
                    + "first.", valueName: "file"), completion: .file())
        var writeHeads: String?

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var options: ShopOptions

        func validate() throws {
            if let store, !(0...maximumJSONInteger).contains(store) {
                throw ValidationError("--store has to be a store's number, or 0 for the catalog.")
            }
            guard writeHeads == nil || store == nil else {
                throw ValidationError("--write-heads writes the ends of all ledgers: leave --store out.")
            }
        }

        func run() async throws {
            let files = Set([heads, writeHeads].compactMap(\.self)).map(HeadsFile.init)
            let known = try files.filter { $0.path == heads || $0.exists }.flatMap { try $0.read() }
            let shop = try await options.shop()
            let (only, isJSON) = (store.map(StoreID.init(rawValue:)), json)
            let report = try await shop.open(checksAll: true, isInBulk: true) { ledger in
                var run = VerificationRun(
                    ledger, heads: known.filter { only == nil || only == $0.storeID }, isJSON: isJSON)
                try await run.verify(only)
                return run.report
            }
            print(json ? report.json : report.text)
            guard report.differences == 0 else {
                throw Failure("\(report.differences.thingsThatDoNot) follow from the audit log")
            }
            if let writeHeads { try HeadsFile(path: writeHeads).write(report.heads) }
        }
    }
}

/// Verifies the ledgers of a shop, and reports the result of each.
private struct VerificationRun {
    private let ledger: any ShopLedger
    private let heads: [StoreID: [StoredHead]]
    private let isJSON: Bool
    private(set) var report: VerificationReport
    private var progress: ProgressBar?
    private var printed = 0

    /// More say nothing new.
    private static let maximumPrinted = 100

    init(_ ledger: any ShopLedger, heads: [StoredHead], isJSON: Bool) {
        self.ledger = ledger
        self.heads = Dictionary(grouping: heads, by: \.storeID)
        self.isJSON = isJSON
        report = VerificationReport(showsAll: ledger.showsAll, keptHeads: heads.count)
    }

    /// - Parameter only: One ledger; `nil` for all, including those that only occur in the catalog's log or in a kept
    ///   head.
    mutating func verify(_ only: StoreID?) async throws {
        let ledgers = try await ledger.keptLedgers()
        let total = ledgers.filter { only == nil || only == $0.storeID }.reduce(0) { $0 + Int($1.position.rawValue) }
        progress = ProgressBar("verify", total: total, of: "entries")
        defer { progress?.finish() }
        if let only {
            report.isPartial = true
            _ = try await verify(ledger: only)
        } else {
            try await verifyAll(Set(ledgers.map(\.storeID)))
        }
        let more = report.differences - printed
        if !isJSON, more > 0 { printError("… and \(more.grouped) more") }
    }

    /// The catalog first: its log includes stores that are archived, or missing.
    private mutating func verifyAll(_ known: Set<StoreID>) async throws {
        var stores = known.union(heads.keys)
        if stores.remove(.catalog) != nil {
            stores.formUnion(try await verify(ledger: .catalog).catalog.stores.keys)
        } else {
            report.seesCatalog = false
        }
        if ledger.showsAll { stores.insert(.credentials) } else { stores.remove(.credentials) }
        for store in stores.sorted() { _ = try await verify(ledger: store) }
    }

    private mutating func verify(ledger storeID: StoreID) async throws -> LedgerFinding {
        let finding = try await LedgerVerification(ledger).verify(storeID, against: heads[storeID] ?? []) { entries in
            progress?.advance(by: entries)
            try Task.checkCancellation()
        }
        report.add(storeID, finding)
        guard !isJSON else { return finding }
        progress?.finish()
        print(finding.line(of: storeID))
        for difference in finding.differences.first.prefix(Self.maximumPrinted - printed) {
            printed += 1
            printError("\(difference)".withoutControls)
        }
        return finding
    }
}

extension LedgerFinding {
    fileprivate func line(of storeID: StoreID) -> String {
        guard let head else { return "\(storeID.ledgerName): is not sound, and nothing was compared with its log" }
        let others = differences.count == 0 ? "" : ", and \(differences.count.thingsThatDoNot) follow from them"
        return "\(storeID.ledgerName): \(head.position) entries are sound\(others); the last hash is \(head.hash)"
    }
}

extension Int {
    fileprivate var thingsThatDoNot: String { self == 1 ? "one thing does not" : "\(grouped) things do not" }
}
