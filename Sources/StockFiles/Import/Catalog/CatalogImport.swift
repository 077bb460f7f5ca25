import Inventory

/// Imports a file of products or stores, one change at a time, or only counts the changes.
struct CatalogImport: ImportPass {
    private var rows: CatalogRows
    private let keys: ImportKeys
    private let ledger: (any StockReading & StockWriting)?

    /// - Parameter ledger: `nil` to write nothing.
    init(
        _ catalog: CatalogIndex, _ header: FileHeader, _ keys: ImportKeys,
        writingTo ledger: (any StockReading & StockWriting)? = nil
    ) {
        rows = CatalogRows(catalog, header)
        self.keys = keys
        self.ledger = ledger
    }

    mutating func take(
        _ row: ImportRow, _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError) {
        var row = row
        guard let change = rows.change(&row) else {
            summary.refuse(row.record, row.problems, observer)
            return
        }
        do throws(LedgerError) {
            switch change {
            case .keep:
                summary.unchanged += 1
            case .add(let change):
                try await write(change, row)
                summary.added += 1
            case .change(let change):
                try await write(change, row)
                summary.changed += 1
            }
        } catch .refused(let refusal) {
            // The catalog was changed concurrently, or the row's product or store is archived.
            summary.refuse(row.record, [RowProblem(refusal, line: row.record.line)], observer)
        }
        observer?.imported(rows: 1)
    }

    func finish(_ summary: inout ImportSummary, _ observer: (any ImportObserver)?) {}

    private func write(_ change: CatalogChange, _ row: ImportRow) async throws(LedgerError) {
        guard let ledger else { return }
        _ = try await ledger.change(try await conditional(change, ledger), keys.context(line: row.record.line))
    }

    /// The replaced version must be the one that the row was compared with. Read on its own, because not all ledgers'
    /// lists have versions.
    private func conditional(
        _ change: CatalogChange, _ ledger: any StockReading
    ) async throws(LedgerError) -> CatalogChange {
        do throws(LedgerError) {
            switch change {
            case .replaceProduct(let id, let details, ifVersion: _):
                let product = try await ledger.product(id, Freshness())
                guard rows.has(product.value) else { throw .refused(.preconditionFailed) }
                return .replaceProduct(
                    id, details, ifVersion: .oneOf([Version(product.value.position, in: product.history)]))
            case .replaceStore(let id, let name, ifVersion: _):
                let store = try await ledger.store(id, Freshness())
                guard rows.has(store.value) else { throw .refused(.preconditionFailed) }
                return .replaceStore(
                    id, name: name, ifVersion: .oneOf([Version(store.value.position, in: store.history)]))
            case .createProduct, .addProduct, .archiveProduct, .createStore, .archiveStore:
                return change
            }
        } catch .notFound {
            throw .refused(.notFound)
        }
    }
}

extension RowProblem {
    /// Why the ledger refused a row.
    init(_ refusal: Refusal, line: Int) {
        let (column, detail): (Column?, String) =
            switch refusal {
            case .insufficientStock(let onHand, _): (.quantity, "there are \(onHand) on hand then")
            case .stockChanged(let onHand): (.onHand, "there are \(onHand) on hand already: no opening stock")
            case .unknownProduct(let id): (nil, "product \(id) does not exist, or is archived")
            case .unknownStore(let id): (nil, "store \(id) does not exist, or is archived")
            case .notFound: (nil, "it was archived meanwhile")
            case .alreadyExists(let field):
                (Column(rawValue: field), "is taken, perhaps by an archived one")
            case .ambiguousName: (.name, "several products have this name")
            case .preconditionFailed: (nil, "it was changed meanwhile: import the file again")
            case .idempotencyKeyReused: (.externalID, "was imported before, with other contents")
            case .inUse, .batch, .idsExhausted, .invalid: (nil, "was refused: \(refusal)")
            }
        self.init(line: line, column: column?.rawValue, detail: detail)
    }
}
