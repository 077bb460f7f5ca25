import Inventory
import PostgresLedger
import SQLiteLedger

/// Moves a shop from a file into a database, such that it is never open in both:
///
/// 1. The stores' ledgers are copied while the shop is open, and verified in the database.
/// 2. The file is locked: the changes made meanwhile are copied, and everything is compared.
/// 3. In the database, one transaction opens the shop. Just before it commits, the file is closed.
///
/// So after an interruption the shop is open in the file, or, between the last two commits, in neither; then the next
/// run finishes the move.
struct Promotion: Sendable {
    let file: SQLiteLedger
    let target: PromotionTarget
    let schema: Schema
    /// The target's ledgers, read through the usual path.
    let ledger: PostgresLedger
    /// Without the password.
    let targetName: String
    /// Serves the shop there, if another role owns it.
    let servingRole: String?

    func run() async throws -> PromotionSummary {
        let start = ContinuousClock.now
        let here = LedgerDestination(name: targetName, identity: try await target.identity(), movedAt: .now)
        let moved = try await file.destination()
        let isElsewhere = moved.map { $0.identity != here.identity } ?? false
        if isElsewhere, try await !schema.exists() { throw Failure.isElsewhere(moved, targetName) }
        try await schema.makeIfMissing(servingRole: servingRole)
        switch try await target.contents() {
        case .open:
            guard moved != nil else { throw Failure.isInUse(targetName) }
            return PromotionSummary(
                ledgers: try await compareAgain(), targetName: targetName, wasDone: true, duration: .now - start)
        case .closed(let heads):
            guard !isElsewhere else { throw Failure.isElsewhere(moved, targetName) }
            try await requireBeginnings(heads)
            return PromotionSummary(
                ledgers: try await move(to: here, from: heads), targetName: targetName, wasDone: false,
                duration: .now - start)
        }
    }

    /// The database's contents must be a prefix of the file's.
    private func requireBeginnings(_ heads: [LedgerHead]) async throws {
        let ends = Dictionary(
            try await file.ledgers().map { ($0.head.storeID, $0.head.position) }, uniquingKeysWith: min)
        for head in heads {
            guard let end = ends[head.storeID], head.position <= end else { throw Failure.isInUse(targetName) }
            guard head.position > .zero else { continue }
            let totals = try await file.totals(of: head.storeID, upTo: head.position)
            guard totals.hash == head.hash else { throw Failure.isInUse(targetName) }
        }
    }

    private func move(to here: LedgerDestination, from heads: [LedgerHead]) async throws -> [LedgerComparison] {
        var copy = HistoryCopy(file: file, target: target, heads: heads)
        var check = HistoryCheck(ledger: ledger)
        try await check.checkAll(try await copy.copyAll())
        let hold = try await file.hold()
        do {
            guard try await file.destination().map({ $0.identity == here.identity }) ?? true else {
                throw Failure.isElsewhere(try await file.destination(), targetName)
            }
            let ledgers = try await copy.copyAll()
            try await copyOutcomes()
            try await check.checkAll(ledgers)
            let compared = try await compare(ledgers)
            // Not cancelled from here on: the result is reported.
            let catalog = try await Task {
                try await open(ledgers.map(\.head), closing: hold, to: here)
                return try await compareCatalog()
            }.value
            await hold.release()
            return catalog + compared
        } catch {
            await hold.release()
            throw error
        }
    }

    /// So that a request from before the move can be retried after it.
    private func copyOutcomes() async throws {
        var outcomes = try await file.storedOutcomes(after: nil, bytes: Self.partBytes)
        while let last = outcomes.last {
            try await target.put(outcomes)
            try Task.checkCancellation()
            outcomes = try await file.storedOutcomes(after: last.scope, bytes: Self.partBytes)
        }
    }

    private func open(_ heads: [LedgerHead], closing hold: FileHold, to here: LedgerDestination) async throws {
        var history: [AuditEntry] = []
        var page: AuditedPage
        repeat {
            page = try await file.auditedPage(
                of: .catalog, after: history.last?.position ?? .zero, limit: Self.partSize)
            history += page.entries
        } while !page.isLast
        let shop = ShopContents(
            history: history, catalog: try await file.catalogContents(), credentials: try await file.credentials(),
            subscriptions: try await file.subscriptions(), deliveries: try await file.deliveryStates(), heads: heads)
        do {
            try await target.open(shop) { try hold.close(here) }
        } catch {
            guard try await file.destination() != nil else { throw error }
            throw Failure(
                "the file is closed, but \(targetName) did not confirm that the shop is open there: \(error). "
                    + "Run the same command again to finish it")
        }
    }

    /// The number of entries, or levels, that are read and written at once.
    static let partSize = 5_000
    private static let partBytes = 1 << 20
}

// MARK: Comparing

extension Promotion {
    /// - Throws: `Failure`, if any of them differs.
    private func compare(_ ledgers: [StoreLedger]) async throws -> [LedgerComparison] {
        var compared: [LedgerComparison] = []
        for ledger in ledgers {
            compared.append(try await LedgerComparison(ledger, file, target))
            try Task.checkCancellation()
        }
        let differences = compared.flatMap(\.differences)
        guard differences.isEmpty else {
            throw Failure("\(targetName) is not the same, and stays closed:\n" + differences.joined(separator: "\n"))
        }
        return compared
    }

    /// Where the shop is open.
    private func compareCatalog() async throws -> [LedgerComparison] {
        guard let catalog = try await file.ledgers().first else { preconditionFailure("every file has a catalog") }
        var compared = try await LedgerComparison(catalog, file, target)
        let position = catalog.head.position
        let (kept, found) = (try await file.catalogContents(), try await target.catalogContents())
        if kept.unchanged(in: found, since: position) != found.unchanged(since: position) {
            compared.differences.append("the catalog: its products or stores are not those of the file")
        }
        return [compared]
    }

    /// For a shop that is already open in the database: up to the position at the move.
    private func compareAgain() async throws -> [LedgerComparison] {
        var compared = try await compareCatalog()
        for store in try await file.storeLedgers() {
            compared.append(try await LedgerComparison(store, file, target))
        }
        guard compared.allSatisfy(\.differences.isEmpty) else { return compared }
        var check = HistoryCheck(ledger: ledger)
        try await check.checkAll(try await file.ledgers())
        return compared
    }
}

/// A store's ledger: its head and the store's name.
typealias StoreLedger = (head: LedgerHead, name: String)

extension SQLiteLedger {
    /// All but the catalog's.
    func storeLedgers() async throws(LedgerError) -> [StoreLedger] {
        try await ledgers().filter { $0.head.storeID != .catalog }
    }
}

extension Failure {
    fileprivate static func isInUse(_ target: String) -> Failure {
        Failure(
            """
            \(target) holds something that did not come from this file: move it into another database. To add its stock to \
            a shop that is there already, use `khata export` and `khata import`. Nothing was written
            """)
    }

    fileprivate static func isElsewhere(_ destination: LedgerDestination?, _ target: String) -> Failure {
        Failure(
            """
            the ledger in this file was moved to \(destination?.name ?? "another place") already, and goes on there: \
            nothing was written to \(target)
            """)
    }
}
