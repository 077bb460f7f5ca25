/// Verifies a ledger's audit log, and compares the stored state with what follows from the log.
public struct LedgerVerification: Sendable {
    private let ledger: any StockReading & StoredStateReading

    public init(_ ledger: any StockReading & StoredStateReading) {
        self.ledger = ledger
    }

    /// Reads the stored state first, then the log up to the same position, so entries recorded meanwhile do not matter.
    ///
    /// Nothing is found because of a failover meanwhile that lost entries: then it throws `.historyChanged`.
    /// - Parameters:
    ///   - heads: Heads of the ledger that were noted elsewhere, if any.
    ///   - checked: Called after each page of the log with its number of entries.
    public func verify(
        _ storeID: StoreID, against heads: [StoredHead] = [], checked: (_ entries: Int) async throws -> Void = { _ in }
    ) async throws -> LedgerFinding {
        var finding = LedgerFinding(showsAll: ledger.showsAll)
        var (end, checks) = try await keptChecks(of: storeID, &finding)
        for head in heads { checks[head.position, default: []].append(.head(head)) }
        var acknowledgements: [String: AuditEntry]?
        if let end {
            finding.differences.add(end.strays(of: storeID))
            if end.head == nil {
                finding.missStore(storeID, heads)
                return finding
            }
        }
        do {
            let verification =
                storeID == .credentials ? AuditVerification(page: credentialPage) : AuditVerification(ledger: ledger)
            let verifier = try await verification.verify(
                after: AuditVerifier(storeID: storeID), upTo: end?.head?.position,
                Freshness(atLeast: end?.head.map { LedgerPoint($0.position, in: end?.history) }, isFromPrimary: true),
                at: checks.keys, checked: checked,
                flawed: { defect in
                    if defect.gap != nil, acknowledgements == nil {
                        acknowledgements = try await self.acknowledgements(in: end?.history)
                    }
                    finding.add(defect, acknowledgements ?? [:])
                },
                passed: { verifier in
                    for check in checks[verifier.head.position] ?? [] { finding.compare(check, with: verifier) }
                })
            finding.differences.add(end?.differences(from: verifier.head) ?? [])
            finding.miss(heads.filter { $0.position > verifier.head.position }, after: verifier.head.position)
            finding.head = verifier.head
            finding.catalog = verifier.catalog
        } catch let defect as AuditDefect {
            finding.differences.add(LedgerDifference(defect))
        } catch LedgerError.notFound {
            finding.missStore(storeID, heads)
        }
        return finding
    }

    private func credentialPage(
        _: StoreID, after position: Position, _ freshness: Freshness
    ) async throws(LedgerError) -> AuditedPage {
        let page = try await ledger.credentialLog(after: position, limit: AuditVerification.pageSize)
        guard page.history == freshness.atLeast?.history else { throw .historyChanged }
        return page
    }

    /// By subject; none if their log is not sound, which verifying that reports, or if it is not shown.
    private func acknowledgements(in history: History?) async throws -> [String: AuditEntry] {
        do {
            return try await AuditVerification(page: credentialPage).verify(
                after: AuditVerifier(storeID: .credentials), Freshness(atLeast: LedgerPoint(.zero, in: history)),
                flawed: { _ in }
            ).acknowledgements
        } catch is AuditDefect {
            return [:]
        } catch LedgerError.notFound {
            return [:]
        }
    }

    /// The stored state to check, by the position of the ledger at which it was read.
    private func keptChecks(
        of storeID: StoreID, _ finding: inout LedgerFinding
    ) async throws(LedgerError) -> (end: StoredEnd?, checks: [Position: [StoredCheck]]) {
        var checks: [Position: [StoredCheck]] = [:]
        if storeID == .credentials {
            let credentials = try await ledger.keptCredentials()
            checks[credentials.end.position] = [.credentials(credentials)]
            let end = StoredEnd(
                head: credentials.end, lastEntry: credentials.end.position, lastMovement: .zero, in: credentials.history
            )
            return (end, checks)
        }
        guard storeID == .catalog else {
            let store = try await ledger.keptStore(storeID)
            for part in store.levels { checks[part.position, default: []].append(.levels(part)) }
            return (store.end, checks)
        }
        let catalog = try await ledger.keptCatalog()
        for part in catalog.products { checks[part.position, default: []].append(.products(part)) }
        for part in catalog.stores { checks[part.position, default: []].append(.stores(part)) }
        for id in catalog.misfiled {
            finding.differences.add(LedgerDifference(.catalog, product: id, "it is found by another name than its own"))
        }
        return (catalog.end, checks)
    }
}

/// The result of verifying one ledger.
public struct LedgerFinding: Sendable {
    /// The end of the log; `nil` if the log is not sound.
    public fileprivate(set) var head: LedgerHead?
    public fileprivate(set) var differences = LedgerDifferences()
    /// Those that were acknowledged, which are not among the others.
    public private(set) var acknowledged: [AcknowledgedDifference] = []
    /// Numbers of compared items.
    public private(set) var levels = 0
    public private(set) var products = 0
    public private(set) var stores = 0
    public private(set) var credentials = 0
    /// The catalog as derived from its log.
    public fileprivate(set) var catalog = DerivedCatalog()

    private let showsAll: Bool
    /// The last position at which the log matches a noted head.
    private var lastMatch = Position.zero

    fileprivate init(showsAll: Bool) {
        self.showsAll = showsAll
    }

    fileprivate mutating func add(_ defect: AuditDefect, _ acknowledgements: [String: AuditEntry]) {
        if let gap = defect.gap, let known = AcknowledgedDifference(gap, by: acknowledgements[gap.subject]) {
            acknowledged.append(known)
        } else {
            differences.add(LedgerDifference(defect))
        }
    }

    fileprivate mutating func compare(_ check: StoredCheck, with verifier: AuditVerifier) {
        switch check {
        case .levels(let part):
            levels += part.items.count
            differences.add(part.differences(from: verifier.levels, of: verifier.storeID, showsAll: showsAll))
        case .products(let part):
            products += part.items.count
            differences.add(part.differences(from: verifier.catalog.products, showsAll: showsAll))
        case .stores(let part):
            stores += part.items.count
            differences.add(part.differences(from: verifier.catalog.stores, showsAll: showsAll))
        case .credentials(let part):
            credentials += part.details.count
            differences.add(part.differences(from: verifier.credentials))
        case .head(let head) where head.hash == verifier.head.hash:
            lastMatch = head.position
        case .head(let head):
            differences.add(head.difference(after: lastMatch, isAtEnd: false))
        }
    }

    fileprivate mutating func missStore(_ storeID: StoreID, _ heads: [StoredHead]) {
        differences.add(LedgerDifference(storeID, "there is no such store"))
        miss(heads, after: .zero)
    }

    fileprivate mutating func miss(_ heads: [StoredHead], after last: Position) {
        differences.add(heads.map { $0.difference(after: last, isAtEnd: true) })
    }
}

/// A comparison with the log, at the position at which the state was read.
private enum StoredCheck {
    case levels(StoredPart<StoredLevel>)
    case products(StoredPart<Archivable<Product>>)
    case stores(StoredPart<Archivable<Store>>)
    case credentials(StoredCredentials)
    case head(StoredHead)
}
