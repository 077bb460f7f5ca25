// Sources: StockFiles/CSV Inventory/Text/CSVText.swift
// Imported files, which arrive in pieces: the pieces make no difference, and what is written is read as the same.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let file = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    let whole = try? records(file, atOnce: count + 1)
    guard (try? records(file, atOnce: 1)) == whole else { fatalError("the pieces make a difference") }
    for record in whole ?? [] {
        let escaped = CSVRecord(line: 1, fields: record.fields.map(\.escapedForSpreadsheets))
        guard escaped.text != "\r\n" else { continue }
        // A byte order mark at the beginning is skipped.
        let written = [0xEF, 0xBB, 0xBF] + Array(escaped.text.utf8)
        guard written.count < CSVReader.maximumField else { continue }
        let again = try? records(written, atOnce: count + 1)
        let fields = again?.first?.fields.map { Array($0.unescapedFromSpreadsheets.utf8) }
        guard again?.count == 1, fields == record.fields.map({ Array($0.utf8) }) else {
            fatalError("it is not the same")
        }
    }
    return 0
}

private func records(_ file: [UInt8], atOnce count: Int) throws -> [CSVRecord] {
    var rest = file[...]
    var reader = CSVReader {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
    var records: [CSVRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
}
