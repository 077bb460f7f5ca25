/// What is compared as one: a ledger with everything derived from it, or the cached documents with the ledgers.
public enum ReconciledPart: Hashable, Sendable {
    case ledger(StoreID)
    case documents
}

/// When a part was last compared, by any process, and what came out.
public struct Reconciliation: Sendable {
    public let part: ReconciledPart
    /// Of the first comparison.
    public let knownSince: Timestamp
    /// Of the last comparison, which may have been interrupted.
    public let startedAt: Timestamp
    /// Of the last comparison of the whole part, if there was one.
    public let finishedAt: Timestamp?
    /// What that found.
    public let differences: Int

    public init(
        part: ReconciledPart, knownSince: Timestamp, startedAt: Timestamp, finishedAt: Timestamp?, differences: Int
    ) {
        self.part = part
        self.knownSince = knownSince
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.differences = differences
    }
}

/// Stores what was compared when, so that after a restart the comparison goes on with what has waited longest.
public protocol ReconciliationStoring: Sendable {
    func reconciliations() async throws(LedgerError) -> [Reconciliation]

    func startReconciliation(of part: ReconciledPart, at time: Timestamp) async throws(LedgerError)

    /// - Parameter differences: What was found since `startReconciliation`.
    func finishReconciliation(
        of part: ReconciledPart, at time: Timestamp, differences: Int
    ) async throws(LedgerError)
}

extension ReconciledPart {
    /// As it is stored.
    package var text: String {
        switch self {
        case .ledger(let id): "ledger:\(id)"
        case .documents: "documents"
        }
    }

    /// `nil` for a part that this program does not know.
    package init?(_ text: String) {
        if text == Self.documents.text {
            self = .documents
        } else if text.hasPrefix("ledger:"), let id = Int64(text.dropFirst("ledger:".count)) {
            self = .ledger(StoreID(rawValue: id))
        } else {
            return nil
        }
    }
}

extension Reconciliation {
    /// From the columns part, known_since, started_at, finished_at and differences.
    package init?(_ row: some LedgerRow) throws {
        guard let part = ReconciledPart(try row.text(0)) else { return nil }
        self.init(
            part: part, knownSince: try row.moment(1), startedAt: try row.moment(2),
            finishedAt: try row.optionalMoment(3), differences: Int(try row.int64(4)))
    }
}
