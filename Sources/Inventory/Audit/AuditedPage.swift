/// Part of a ledger: entries of its audit log, each with its movement. The catalog has no movements.
public struct AuditedPage: Sendable {
    public let entries: [AuditEntry]
    /// In the order of the entries. A movement that is missing from the ledger is also missing here.
    public let movements: [LedgerEntry]
    /// Where the ledger ended when it was read.
    public let end: Position
    /// Whether no entries follow.
    public let isLast: Bool
    /// Of the log of keys and users; pages of ledgers are read in the history that they are requested in.
    public let history: History?

    public init(
        entries: [AuditEntry], movements: [LedgerEntry] = [], end: Position, isLast: Bool, in history: History? = nil
    ) {
        self.history = history
        self.entries = entries
        self.movements = movements
        self.end = end
        self.isLast = isLast
    }
}

extension AuditedPage {
    /// The entries after a position.
    public func dropping(upTo position: Position) -> AuditedPage {
        AuditedPage(
            entries: entries.filter { $0.position > position }, movements: movements.filter { $0.position > position },
            end: end, isLast: isLast, in: history)
    }

    /// The entries up to a position, as if the ledger ended there.
    func upTo(_ last: Position?) -> AuditedPage {
        guard let last, end > last else { return self }
        let entries = entries.filter { $0.position <= last }
        return AuditedPage(
            entries: entries, movements: movements.filter { $0.position <= last }, end: last,
            isLast: isLast || entries.last?.position == last, in: history)
    }
}

extension StockReading {
    /// The first entries after a position.
    public func auditedPage(
        of storeID: StoreID, after position: Position, limit: Int, _ freshness: Freshness = Freshness()
    ) async throws(LedgerError) -> AuditedPage {
        let after = EntryKey(storeID: storeID, position: position)
        let log = try await audit(AuditQuery(storeID: storeID, after: after, limit: limit), freshness)
        // At least as new as the log, so that each entry of the log has its movement here.
        var ofLog = freshness
        ofLog.atLeast = log.position.map { LedgerPoint($0, in: freshness.atLeast?.history) }
        let movements = try await entries(EntryQuery(storeID: storeID, after: after, limit: limit), ofLog)
        return AuditedPage(
            entries: log.value.items, movements: Array(movements.value.items.prefix(log.value.items.count)),
            end: log.position ?? .zero, isLast: log.value.next == nil)
    }
}

extension AuditVerifier {
    /// - Throws: The defect of the first entry that is not sound.
    public mutating func check(_ page: AuditedPage) throws(AuditDefect) {
        for index in page.entries.indices { try check(page, index) }
        try checkEnd(of: page)
    }

    mutating func check(_ page: AuditedPage, _ index: Int) throws(AuditDefect) {
        let entry = page.entries[index]
        // At the same index, unless an entry before has no movement.
        let movement = page.movements.dropFirst(index).first
        try check(
            entry,
            movement: movement?.position == entry.position
                ? movement : page.movements.first { $0.position == entry.position })
    }

    func checkEnd(of page: AuditedPage) throws(AuditDefect) {
        guard !page.isLast || page.end == head.position else {
            throw AuditDefect(storeID, head.position.next, "the log ends before its ledger does")
        }
    }
}
