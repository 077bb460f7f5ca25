import Foundation
import Inventory

@testable import InventoryHTTP
@testable import JSON
@testable import StockFiles
@testable import khata

extension FuzzTarget {
    /// What is parsed is written and parsed again as the same.
    static let json = FuzzTarget("json") { bytes in
        let value = try JSONParser.parse(bytes)
        var json = JSONWriter<[UInt8]>(output: [])
        json.value(value)
        let again = try? JSONParser.parse(json.output)
        try require(again == value, "it is not the same")
    }

    /// Imported files, which arrive in pieces: the pieces make no difference, and what is written is read as the same.
    static let csv = FuzzTarget("csv") { file in
        let whole = try? records(of: file, atOnce: file.count + 1)
        let pieces = try? records(of: file, atOnce: 1)
        try require(whole == pieces, "the pieces make a difference")
        for record in whole ?? [] {
            let escaped = CSVRecord(line: 1, fields: record.fields.map(\.escapedForSpreadsheets))
            guard escaped.text != "\r\n" else { continue }
            // A byte order mark at the beginning is skipped.
            let written = [0xEF, 0xBB, 0xBF] + Array(escaped.text.utf8)
            guard written.count < CSVReader.maximumField else { continue }
            let again = try? records(of: written, atOnce: written.count)
            let fields = again?.first?.fields.map { Array($0.unescapedFromSpreadsheets.utf8) }
            try require(
                again?.count == 1 && fields == record.fields.map { Array($0.utf8) }, "it is not the same")
        }
    }

    private static func records(of file: [UInt8], atOnce count: Int) throws -> [CSVRecord] {
        var rest = file[...]
        var reader = CSVReader {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        var records: [CSVRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    /// Rows of imported files: each is planned, has no effect, or has a problem.
    static let imports = FuzzTarget("imports") { file in
        let records = try records(of: file, atOnce: file.count + 1)
        guard let first = records.first else { return }
        let header = try FileHeader(first)
        var catalogRows = CatalogRows(catalog, header)
        var movementRows = MovementRows(catalog, header, now: Timestamp("2026-11-20T00:00:00Z")!)
        for record in records.dropFirst() {
            var row = ImportRow(record, header, InputLimits())
            switch header.kind {
            case .products, .stores:
                let change = catalogRows.change(&row)
                try require((change == nil) == !row.problems.isEmpty, "it has neither a change nor a problem, or both")
            case .stock, .movements:
                let planned = movementRows.planned(&row)
                try require(planned == nil || row.problems.isEmpty, "it is planned, and has a problem")
            }
        }
    }

    private static let catalog: CatalogIndex = {
        var catalog = CatalogIndex()
        for id in 1...2 as ClosedRange<Int64> {
            catalog.put(Store(id: StoreID(rawValue: id), name: "Store \(id)", position: .zero))
            let details = ProductDetails(sku: "A\(id)", name: "Tea \(id)", category: nil, unit: "pack")
            catalog.put(Product(id: ProductID(rawValue: id), details: details, position: .zero))
        }
        return catalog
    }()

    /// The file of `khata audit verify --heads`.
    static let heads = FuzzTarget("heads") { bytes in
        let path = temporaryFile("heads")
        try Data(bytes).write(to: URL(filePath: path))
        _ = try HeadsFile(path: path).read(signedBy: nil)
    }

    /// A settings file; and a text as the value of the setting that the first byte chooses.
    static let settings = FuzzTarget("settings") { bytes in
        let path = temporaryFile("settings")
        try Data(bytes).write(to: URL(filePath: path))
        _ = try? Settings(await SettingsSource(flags: [:], file: path))
        let setting = Settings.all[Int(bytes.first ?? 0) % Settings.all.count]
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        _ = try? Settings(await SettingsSource(flags: [setting.key: text], file: nil))
    }

    private static func temporaryFile(_ name: String) -> String {
        FileManager.default.temporaryDirectory
            .appending(path: "khata-fuzz-\(name)-\(ProcessInfo.processInfo.processIdentifier)").path()
    }
}
