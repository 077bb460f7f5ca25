public import Inventory

/// Imports files of products, stores, opening stock and movements into a ledger as any client would: all rules apply,
/// and the audit log has every change.
///
/// Makes two passes over a file. First the whole file is checked, against the levels as they will be, and nothing is
/// written unless all rows are valid (or invalid ones are to be skipped). Then it is written, with one part in memory
/// at a time. Importing a file again resumes after an interruption; rows in the ledger are not written twice.
public struct Importer: Sendable {
    private let ledger: any StockReading & StockWriting
    private let options: ImportOptions
    private let observer: any ImportObserver
    /// When the import began.
    private let now: Timestamp

    public init(
        _ ledger: any StockReading & StockWriting, options: ImportOptions, now: Timestamp, observer: any ImportObserver
    ) {
        self.ledger = ledger
        self.options = options
        self.observer = observer
        self.now = now
    }

    /// - Throws: `StockFileError`, `CSVError`, `LedgerError`, and what reading the file throws.
    public func run(_ file: StockFile) async throws -> ImportSummary {
        let keys = ImportKeys(digest: try file.digest(), isThroughServer: options.isThroughServer)
        let header = try FileHeader(file.firstRecord())
        guard !options.isThroughServer || !header.has(.recordedAt) else {
            throw StockFileError(
                "line 1: a server records at its own time. Leave the column recorded_at out or call it occurred_at, or "
                    + "import the file into the server's database or file itself")
        }
        switch header.kind {
        case .products, .stores:
            let catalog = try await CatalogIndex(of: ledger)
            return try await run(
                file, header, check: CatalogImport(catalog, header, keys),
                write: CatalogImport(catalog, header, keys, writingTo: ledger))
        case .stock, .movements:
            let history = HistoryRule(ledger: ledger, keys: keys)
            let rows = MovementRows(try await CatalogIndex(of: ledger), header, now: now)
            return try await run(
                file, header, check: MovementCheck(rows, history, ledger, keys),
                write: MovementImport(
                    rows, history, ledger, keys, storesAtOnce: options.storesAtOnce, isAtomic: !options.skipsInvalid))
        }
    }

    private func run(
        _ file: StockFile, _ header: FileHeader, check: some ImportPass, write: some ImportPass
    ) async throws -> ImportSummary {
        var checked = ImportSummary(kind: header.kind)
        // Each refused row is reported once, by the pass that decides about it.
        let reportsRefused = options.isDryRun || !options.skipsInvalid
        try await run(over: file, header, check, &checked, reportsRefused ? observer : nil)
        guard !options.isDryRun, options.skipsInvalid || checked.refused == 0 else { return checked }
        observer.importBegins(rows: checked.rows)
        var written = ImportSummary(kind: header.kind)
        try await run(over: file, header, write, &written, observer)
        return written
    }

    private func run(
        over file: StockFile, _ header: FileHeader, _ pass: some ImportPass, _ summary: inout ImportSummary,
        _ observer: (any ImportObserver)?
    ) async throws {
        var pass = pass
        var reader = try file.reader()
        _ = try reader.next()
        while let record = try reader.next() {
            summary.rows += 1
            try await pass.take(ImportRow(record, header, options.limits), &summary, observer)
            if summary.isStopped { return }
        }
        try await pass.finish(&summary, observer)
    }
}

/// A pass over a file, row by row.
protocol ImportPass {
    mutating func take(
        _ row: ImportRow, _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError)

    mutating func finish(_ summary: inout ImportSummary, _ observer: (any ImportObserver)?) async throws(LedgerError)
}

extension ImportSummary {
    mutating func refuse(_ record: CSVRecord, _ problems: [RowProblem], _ observer: (any ImportObserver)?) {
        refused += 1
        observer?.refused(record, problems)
    }
}
