public import Inventory

/// What became of a file.
public struct ImportSummary: Hashable, Sendable {
    public let kind: FileKind
    public var rows = 0
    /// Products or stores that are new, or movements that were recorded.
    public var added = 0
    /// Products or stores that were changed.
    public var changed = 0
    /// Rows that were there already, from an earlier import of the file or because they say nothing new.
    public var unchanged = 0
    /// Rows that were refused.
    public var refused = 0
    /// Whether rows are left that were not tried, because one before them was refused.
    public var isStopped = false
}

/// How a file is imported.
public struct ImportOptions: Sendable {
    /// Checks the file and writes nothing.
    public var isDryRun = false
    /// Imports what can be; otherwise nothing is written unless every row can be.
    public var skipsInvalid = false
    /// Whether the ledger is behind a server, which records at its own time.
    public var isThroughServer = false
    /// Stores that are written to side by side.
    public var storesAtOnce = 1_000
    public var limits: InputLimits

    public init(isDryRun: Bool = false, skipsInvalid: Bool = false, limits: InputLimits = InputLimits()) {
        self.isDryRun = isDryRun
        self.skipsInvalid = skipsInvalid
        self.limits = limits
    }
}

/// Whoever follows an import.
public protocol ImportObserver: Sendable {
    /// The file was checked, and its rows will be imported.
    func importBegins(rows: Int)
    func imported(rows: Int)
    /// A row cannot be imported.
    func refused(_ record: CSVRecord, _ problems: [RowProblem])
}
