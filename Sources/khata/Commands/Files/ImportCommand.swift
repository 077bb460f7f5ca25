import ArgumentParser
import Foundation
import Inventory
import InventoryHTTP
import JSON
import StockFiles
import Synchronization

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Imports products, stores, opening stock or movements from a CSV file.",
        discussion: """
            The first row names the columns, which determine the kind of file:

              products   product_id, sku, name, category, unit
              stores     store_id, name
              stock      store_id, product_id, sku, name, on_hand
              movements  store_id, to_store_id, product_id, sku, name, movement_type, quantity, occurred_at,
                         recorded_at, reference, note, external_id

            Products need a name; stores both columns; stock and movements the store, the number, and the product by \
            its id, SKU or name. Other columns are optional. The file is UTF-8, with commas.

            Existing products and stores are updated. Stock is opening stock, for products without any in the store. A \
            movement_type is stock-in, sale, manual-removal or transfer (to to_store_id).

            The file is checked first, and nothing is written unless all rows are valid. Importing a file again \
            changes nothing, and resumes after an interruption, whether through a server (--server) or not. A file \
            whose contents changed is another file: if its rows have an external_id, each of them is still imported \
            once.

            Through a server, the key's role must be manager, and recorded_at cannot be kept.

            recorded_at is kept only in a store without other history, such as one moved from another ledger with \
            `khata export`; otherwise, call the column occurred_at.
            """)

    @Argument(help: "The file.", completion: .file(extensions: ["csv"]))
    var file: String

    @Flag(help: "Check the file, print what would be done, and write nothing.")
    var dryRun = false

    @Flag(help: "Import the valid rows, and skip the others.")
    var skipInvalid = false

    @Option(help: "With --skip-invalid: write the skipped rows to this file, to be corrected and imported.")
    var rejects: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    @OptionGroup var options: ShopOptions

    func validate() throws {
        guard rejects == nil || skipInvalid else { throw ValidationError("--rejects needs --skip-invalid.") }
        guard rejects == nil || rejects != file else { throw ValidationError("--rejects must be another file.") }
    }

    /// The maximum concurrent requests to a server, which has other clients.
    private static let storesAtOnce = 4

    func run() async throws {
        let shop = try await options.shop()
        guard FileManager.default.isReadableFile(atPath: file) else { throw Failure("\(file) cannot be read") }
        let source = StockFile(URL(fileURLWithPath: file))
        let terminal = try ImportTerminal(source, rejects: rejects.map { URL(fileURLWithPath: $0) })
        var options = ImportOptions(
            isDryRun: dryRun, skipsInvalid: skipInvalid, limits: shop.settings.limits.input)
        if shop.isOnServer {
            options.isThroughServer = true
            options.storesAtOnce = Self.storesAtOnce
        }
        let now = Timestamp.now
        let summary = try await shop.open(isInBulk: true) { [options] ledger in
            do {
                return try await Importer(ledger, options: options, now: now, observer: terminal).run(source)
            } catch let error as LedgerError {
                // The caller adds which ledger it is.
                if case .damaged = error { throw error }
                throw Failure("\(error.explained()) If some of it was written, the same command resumes from there.")
            } catch {
                throw Failure("\(file): \(error)")
            }
        }
        try terminal.finish()
        print(json ? summary.json : summary.text(isDryRun: dryRun, skipsInvalid: skipInvalid))
        guard summary.refused == 0 else { throw ExitCode(1) }
    }
}

/// Shows the progress of an import on standard error, and collects the skipped rows.
private final class ImportTerminal: ImportObserver {
    /// More say nothing new.
    private static let maximumProblems = 100

    private struct State {
        var progress: ProgressBar?
        var problems = 0
        var rejects: FileHandle?
        var failure: (any Error)?
    }

    private let state: Mutex<State>

    init(_ source: StockFile, rejects: URL?) throws {
        var handle: FileHandle?
        if let rejects {
            guard FileManager.default.createFile(atPath: rejects.path, contents: nil) else {
                throw Failure("\(rejects.path) cannot be written")
            }
            handle = try FileHandle(forWritingTo: rejects)
            do {
                try handle?.write(contentsOf: Data(source.firstRecord().text.utf8))
            } catch {
                throw Failure("\(source.url.path): \(error)")
            }
        }
        state = Mutex(State(rejects: handle))
    }

    func importBegins(rows: Int) {
        state.withLock { $0.progress = ProgressBar("import", total: rows, of: "rows") }
    }

    func imported(rows: Int) {
        state.withLock { $0.progress?.advance(by: rows) }
    }

    func refused(_ record: CSVRecord, _ problems: [RowProblem]) {
        state.withLock { state in
            state.progress?.finish()
            for problem in problems {
                state.problems += 1
                if state.problems <= Self.maximumProblems { printError("\(problem)") }
                if state.problems == Self.maximumProblems + 1 { printError("… and more of them") }
            }
            do {
                try state.rejects?.write(contentsOf: Data(record.text.utf8))
            } catch {
                state.failure = error
            }
        }
    }

    /// - Throws: `Failure`, if a skipped row could not be written.
    func finish() throws {
        try state.withLock { state in
            state.progress?.finish()
            if let failure = state.failure {
                throw Failure("the skipped rows could not be written: \(failure)")
            }
        }
    }
}

extension ImportSummary {
    fileprivate func text(isDryRun: Bool, skipsInvalid: Bool) -> String {
        var parts = ["\(rows.grouped) rows", "\(added.grouped) new"]
        if changed > 0 { parts.append("\(changed.grouped) changed") }
        if unchanged > 0 { parts.append("\(unchanged.grouped) there already") }
        if refused > 0 { parts.append("\(refused.grouped) refused") }
        let counts = parts.joined(separator: ", ")
        if isDryRun { return "\(kind.rawValue): \(counts); nothing was written" }
        if isStopped { return "\(kind.rawValue): \(counts); stopped there: import the file again to go on" }
        return refused > 0 && !skipsInvalid
            ? "\(kind.rawValue): \(counts); nothing was written" : "\(kind.rawValue): \(counts)"
    }

    fileprivate var json: String {
        String(json: { json in
            json.openObject()
            json.field("kind", kind.rawValue)
            json.field("rows", Int64(rows))
            json.field("added", Int64(added))
            json.field("changed", Int64(changed))
            json.field("unchanged", Int64(unchanged))
            json.field("refused", Int64(refused))
            json.key("complete")
            json.value(!isStopped)
            json.closeObject()
        })
    }
}
