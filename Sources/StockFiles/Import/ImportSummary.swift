public import Inventory

/// The result of an import.
public struct ImportSummary: Hashable, Sendable {
    public let kind: FileKind
    public var rows = 0
    /// New products or stores, or recorded movements.
    public var added = 0
    /// Changed products or stores.
    public var changed = 0
    /// Rows without effect: imported before, or already as in the ledger.
    public var unchanged = 0
    /// Refused rows.
    public var refused = 0
    /// Whether some rows were not tried, because one before them was refused.
    public var isStopped = false
}

/// Options of an import.
public struct ImportOptions: Sendable {
    /// Checks the file and writes nothing.
    public var isDryRun = false
    /// Imports the valid rows; otherwise nothing is written unless every row is valid.
    public var skipsInvalid = false
    /// Whether the ledger is behind a server, which records at its own time.
    public var isThroughServer = false
    /// The number of stores written to concurrently.
    public var storesAtOnce = 1_000
    public var limits: InputLimits

    public init(isDryRun: Bool = false, skipsInvalid: Bool = false, limits: InputLimits = InputLimits()) {
        self.isDryRun = isDryRun
        self.skipsInvalid = skipsInvalid
        self.limits = limits
    }
}

/// Observes an import.
public protocol ImportObserver: Sendable {
    /// The file was checked, and its rows will be imported.
    func importBegins(rows: Int)
    func imported(rows: Int)
    /// A row cannot be imported.
    func refused(_ record: CSVRecord, _ problems: [RowProblem])
}
