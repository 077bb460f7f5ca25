/// Verifies a ledger's audit log from its first entry: positions without gaps, the hash chain, times that never
/// decrease, and that each movement matches its audit entry.
public struct AuditVerifier: Sendable {
    public let storeID: StoreID
    /// The last verified entry.
    public private(set) var head: LedgerHead
    /// The levels after the movements up to there.
    public private(set) var levels: [ProductID: StoredLevel] = [:]
    /// For the catalog's log: the catalog after the changes up to there.
    public private(set) var catalog = DerivedCatalog()
    /// For the log of keys and users: the last entry about each of them, by subject.
    public private(set) var credentials: [String: AuditEntry] = [:]
    /// For the log of keys and users: the last acknowledgement of each difference, by subject.
    private(set) var acknowledgements: [String: AuditEntry] = [:]

    public init(storeID: StoreID) {
        self.storeID = storeID
        head = LedgerHead(storeID: storeID, position: .zero, hash: .origin, recordedAt: .earliest)
    }

    /// - Parameter movement: The ledger's entry at the same position; the catalog has none.
    /// - Throws: What is wrong with the entry. If it continues the chain, `head` is this entry, and entries after it can be
    ///   checked.
    public mutating func check(_ entry: AuditEntry, movement: LedgerEntry?) throws(AuditDefect) {
        guard entry.storeID == storeID, entry.position == head.position.next else {
            throw AuditDefect(storeID, head.position.next, "the entry is missing")
        }
        guard entry.hash == entry.hash(following: head.hash) else {
            throw AuditDefect(storeID, entry.position, "the hash is not that of the entry and its predecessor")
        }
        let previous = head
        head = LedgerHead(
            storeID: storeID, position: entry.position, hash: entry.hash, recordedAt: entry.recordedAt)
        let movement = movement?.position == entry.position ? movement : nil
        // Later entries build on it, even if it does not match its entry.
        let before = movement.flatMap { levels.updateValue(StoredLevel(after: $0), forKey: $0.productID) }
        guard entry.recordedAt >= previous.recordedAt else {
            throw AuditDefect(storeID, entry.position, "the entry is older than its predecessor")
        }
        guard entry.action != nil else {
            throw AuditDefect(storeID, entry.position, "the action \(entry.actionName) is not known")
        }
        switch storeID {
        case .catalog: try catalog.apply(entry)
        case .credentials:
            guard let subject = entry.subject else {
                throw AuditDefect(storeID, entry.position, "the entry is about no key or user")
            }
            if entry.action == .differenceAcknowledged {
                acknowledgements[subject] = entry
            } else {
                credentials[subject] = entry
            }
        default: try check(movement, after: before?.onHand ?? 0, against: entry)
        }
    }

    private func check(
        _ movement: LedgerEntry?, after onHand: Int64, against entry: AuditEntry
    ) throws(AuditDefect) {
        guard let movement else {
            throw AuditDefect(storeID, entry.position, "the movement is missing from the ledger")
        }
        // Byte by byte: `String` comparison ignores differences in Unicode normalization.
        guard movement.auditDetail.utf8.elementsEqual(entry.detail.utf8),
            movement.type.rawValue == entry.actionName, movement.recordedAt == entry.recordedAt
        else {
            throw AuditDefect(storeID, entry.position, "the movement in the ledger is not the one that was audited")
        }
        let after = onHand &+ movement.type.sign * movement.quantity
        guard after == movement.onHandAfter else {
            throw AuditDefect(
                LevelGap(
                    storeID: storeID, position: entry.position, productID: movement.productID,
                    found: movement.onHandAfter, expected: after, hash: entry.hash))
        }
        guard after >= 0 else {
            throw AuditDefect(storeID, entry.position, "the movement leaves less than nothing: \(after) on hand")
        }
    }
}

/// The first position at which an audit log is not sound, and why.
public struct AuditDefect: Error, Hashable, Sendable, CustomStringConvertible {
    public let storeID: StoreID
    public let position: Position
    public let reason: String
    /// If a level does not follow from the movements before.
    public let gap: LevelGap?

    init(_ storeID: StoreID, _ position: Position, _ reason: String, gap: LevelGap? = nil) {
        self.storeID = storeID
        self.position = position
        self.reason = reason
        self.gap = gap
    }

    init(_ gap: LevelGap) {
        self.init(
            gap.storeID, gap.position,
            "the movement leaves \(gap.found) on hand, and \(gap.expected) follows from the movements before", gap: gap)
    }

    public var description: String { LedgerDifference(self).description }
}

/// Verifies whole ledgers through the read path, a page at a time.
public struct AuditVerification: Sendable {
    typealias Page = @Sendable (StoreID, Position, Freshness) async throws(LedgerError) -> AuditedPage

    private let page: Page
    static let pageSize = 1_000

    public init(ledger: any StockReading) {
        self.init { storeID, position, freshness throws(LedgerError) in
            try await ledger.auditedPage(of: storeID, after: position, limit: Self.pageSize, freshness)
        }
    }

    /// - Parameter page: The first entries of a ledger after a position.
    init(page: @escaping Page) {
        self.page = page
    }

    /// - Returns: The head of the ledger, which is sound up to there.
    /// - Throws: `AuditDefect`, `LedgerError`.
    public func verify(_ storeID: StoreID) async throws -> LedgerHead {
        try await verify(after: AuditVerifier(storeID: storeID)).head
    }

    /// Verifies the entries after the last one that a verifier has checked.
    /// - Parameters:
    ///   - end: The last position to check; `nil` for all entries.
    ///   - freshness: Must include `end`.
    ///   - checked: Called after each page with its number of entries.
    ///   - flawed: Called for each entry that is part of the chain but not sound. If it returns, the next one is checked.
    ///   - passed: Called when the verifier reaches one of `positions`.
    /// - Returns: The verifier at the end of the ledger.
    /// - Throws: `AuditDefect`, `LedgerError`.
    public func verify(
        after verifier: AuditVerifier, upTo end: Position? = nil, _ freshness: Freshness = Freshness(),
        at positions: some Collection<Position> = EmptyCollection(),
        checked: (_ entries: Int) async throws -> Void = { _ in },
        flawed: (AuditDefect) async throws -> Void = { throw $0 },
        passed: (AuditVerifier) -> Void = { _ in }
    ) async throws -> AuditVerifier {
        var verifier = verifier
        let positions = Set(positions)
        if positions.contains(verifier.head.position) { passed(verifier) }
        while end != verifier.head.position {
            let page = try await page(verifier.storeID, verifier.head.position, freshness).upTo(end)
            for index in page.entries.indices {
                do {
                    try verifier.check(page, index)
                } catch {
                    guard verifier.head.position == page.entries[index].position else { throw error }
                    try await flawed(error)
                }
                if positions.contains(verifier.head.position) { passed(verifier) }
            }
            try verifier.checkEnd(of: page)
            try await checked(page.entries.count)
            if page.isLast { break }
        }
        return verifier
    }
}
