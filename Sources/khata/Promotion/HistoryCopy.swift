import Inventory
import PostgresLedger
import SQLiteLedger

/// Copies stores' ledgers from a file into a database, and verifies them on the way.
struct HistoryCopy {
    private let file: SQLiteLedger
    private let target: PromotionTarget
    /// How far the file was read. Reading always starts from the beginning, also after an interruption, because levels
    /// depend on the whole history.
    private var read: [StoreID: AuditVerifier] = [:]
    /// How far the database was written.
    private var written: [StoreID: LedgerHead]

    init(file: SQLiteLedger, target: PromotionTarget, heads: [LedgerHead]) {
        self.file = file
        self.target = target
        written = Dictionary(uniqueKeysWithValues: heads.map { ($0.storeID, $0) })
    }

    /// Copies the rest.
    /// - Returns: The ledgers in the database.
    mutating func copyAll() async throws -> [StoreLedger] {
        let ledgers = try await file.storeLedgers()
        try await target.addStores(
            ledgers.filter { written[$0.head.storeID] == nil }.map { ($0.head.storeID, $0.name) })
        let left = ledgers.reduce(0) { count, ledger in
            count + Int(ledger.head.position.rawValue - (read[ledger.head.storeID]?.head.position.rawValue ?? 0))
        }
        let progress = ProgressBar("copy", total: left, of: "movements")
        defer { progress.finish() }
        for ledger in ledgers { try await copy(ledger.head.storeID, progress) }
        return ledgers
    }

    /// Reads ahead while the database writes.
    private mutating func copy(_ storeID: StoreID, _ progress: ProgressBar) async throws {
        let target = target
        var verifier = read[storeID] ?? AuditVerifier(storeID: storeID)
        var page = try await nextPage(&verifier)
        while true {
            let head = written[storeID] ?? AuditVerifier(storeID: storeID).head
            let rest = page.dropping(upTo: head.position)
            async let appended: Void = target.append(rest, to: head)
            let next = page.isLast ? nil : try await nextPage(&verifier)
            try await appended
            written[storeID] = rest.end(after: head)
            progress.advance(by: page.entries.count)
            try Task.checkCancellation()
            guard let next else { break }
            page = next
        }
        read[storeID] = verifier
    }

    /// - Throws: `AuditDefect`, if the file is not sound.
    private func nextPage(_ verifier: inout AuditVerifier) async throws -> AuditedPage {
        let page = try await file.auditedPage(
            of: verifier.storeID, after: verifier.head.position, limit: Promotion.partSize)
        try verifier.check(page)
        return page
    }
}

extension AuditedPage {
    /// The head of a ledger after the page.
    fileprivate func end(after head: LedgerHead) -> LedgerHead {
        guard let last = entries.last else { return head }
        return LedgerHead(
            storeID: last.storeID, position: last.position, hash: last.hash, recordedAt: last.recordedAt)
    }
}
