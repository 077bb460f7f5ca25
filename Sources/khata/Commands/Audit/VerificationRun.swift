import Inventory

/// Verifies the ledgers of a shop, and reports the result of each.
struct VerificationRun {
    private let ledger: any ShopLedger
    private let heads: [StoreID: [StoredHead]]
    private let isJSON: Bool
    private(set) var report: VerificationReport
    private var progress: ProgressBar?
    private var printed = 0

    /// More say nothing new.
    private static let maximumPrinted = 100

    /// - Throws: `Failure`, also if anything is not as it should be; that is printed first.
    static func report(
        on shop: Shop, only: StoreID? = nil, heads: [StoredHead], isJSON: Bool = false
    ) async throws -> VerificationReport {
        let report = try await shop.open(checksAll: true, isInBulk: true) { ledger in
            var run = VerificationRun(ledger, heads: heads.filter { only == nil || only == $0.storeID }, isJSON: isJSON)
            try await run.verify(only)
            return run.report
        }
        print(isJSON ? report.json : report.text)
        if let failure = report.failure { throw failure }
        return report
    }

    private init(_ ledger: any ShopLedger, heads: [StoredHead], isJSON: Bool) {
        self.ledger = ledger
        self.heads = Dictionary(grouping: heads, by: \.storeID)
        self.isJSON = isJSON
        report = VerificationReport(showsAll: ledger.showsAll, keptHeads: heads)
    }

    /// - Parameter only: One ledger; `nil` for all, including those that only occur in the catalog's log or in a kept
    ///   head.
    private mutating func verify(_ only: StoreID?) async throws {
        report.protectionDefects = try await ledger.protectionDefects()
        for defect in report.protectionDefects where !isJSON { printError(defect.withoutControls) }
        let ledgers = try await ledger.keptLedgers()
        // A stored position may be anything: it is what is to be verified.
        let total = ledgers.filter { only == nil || only == $0.storeID }
            .reduce(0) { $0 + Int(min($1.position.rawValue, 1 << 40)) }
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
        for known in finding.acknowledged { print("\(known)".withoutControls) }
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
        let known = acknowledged.count
        let acknowledged = known == 0 ? "" : ", \(known.grouped) acknowledged difference\(known == 1 ? "" : "s")"
        return
            "\(storeID.ledgerName): \(head.position) entries are sound\(acknowledged)\(others); the last hash is \(head.hash)"
    }
}

extension Int {
    var thingsThatDoNot: String { self == 1 ? "one thing does not" : "\(grouped) things do not" }
}
