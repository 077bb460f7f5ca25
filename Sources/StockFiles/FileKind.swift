/// The kind of a file's rows, determined by its columns.
public enum FileKind: String, CaseIterable, Sendable {
    case products, stores
    /// Opening stock: levels for products without any movements in the store.
    case stock
    case movements

    /// The required columns.
    var required: [Column] {
        switch self {
        case .products: [.name]
        case .stores: [.storeID, .name]
        case .stock: [.storeID, .onHand]
        case .movements: [.storeID, .movementType, .quantity]
        }
    }

    /// All allowed columns. A product is identified by its id, or else its SKU, or else its name.
    var columns: [Column] {
        switch self {
        case .products: [.productID, .sku, .name, .category, .unit]
        case .stores: [.storeID, .name]
        case .stock: [.storeID, .productID, .sku, .name, .onHand]
        case .movements:
            [
                .storeID, .toStoreID, .productID, .sku, .name, .movementType, .quantity, .occurredAt, .recordedAt,
                .reference, .note, .externalID,
            ]
        }
    }
}

/// The column names in the first row of a file.
enum Column: String, CaseIterable, Sendable {
    case productID = "product_id"
    case sku, name, category, unit
    case storeID = "store_id"
    case toStoreID = "to_store_id"
    case onHand = "on_hand"
    case movementType = "movement_type"
    case quantity
    case occurredAt = "occurred_at"
    case recordedAt = "recorded_at"
    case reference, note
    case externalID = "external_id"

    static let namingProduct: [Column] = [.productID, .sku, .name]
}

/// The first row of a file: the kind and the position of each column.
struct FileHeader: Sendable {
    let kind: FileKind
    let columns: [Column]

    /// - Throws: `StockFileError` if no kind of file has these columns.
    init(_ record: CSVRecord) throws(StockFileError) {
        var columns: [Column] = []
        for field in record.fields {
            let name = field.lowercased().filter { !$0.isWhitespace }
            guard let column = Column(rawValue: name) else {
                throw StockFileError("line \(record.line): there is no column \"\(field)\". \(Self.help)")
            }
            guard !columns.contains(column) else {
                throw StockFileError("line \(record.line): the column \(name) is there twice")
            }
            columns.append(column)
        }
        let kind: FileKind =
            if columns.contains(.quantity) || columns.contains(.movementType) {
                .movements
            } else if columns.contains(.onHand) {
                .stock
            } else {
                columns.contains(.storeID) ? .stores : .products
            }
        for column in kind.required where !columns.contains(column) {
            throw StockFileError("line \(record.line): \(kind) need a column \(column.rawValue). \(Self.help)")
        }
        if [.stock, .movements].contains(kind), !columns.contains(where: Column.namingProduct.contains) {
            throw StockFileError("line \(record.line): \(kind) need a column product_id, sku or name. \(Self.help)")
        }
        if let column = columns.first(where: { !kind.columns.contains($0) }) {
            throw StockFileError("line \(record.line): \(kind) have no column \(column.rawValue). \(Self.help)")
        }
        self.kind = kind
        self.columns = columns
    }

    func has(_ column: Column) -> Bool { columns.contains(column) }

    private static let help = FileKind.allCases.map { kind in
        "\(kind): \(kind.columns.map(\.rawValue).joined(separator: ","))"
    }.joined(separator: "; ")
}

/// Why a whole file cannot be imported.
public struct StockFileError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
