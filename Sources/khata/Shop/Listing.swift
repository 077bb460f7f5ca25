import Inventory
import InventoryContract
import JSON

/// Prints a list while it is read, a page at a time: as a table, or as one JSON document of the contract.
struct Listing<Item: Sendable, Key: Sendable> {
    let columns: [Table.Column]
    let row: (Item) -> [Table.Cell]
    let write: (inout JSONWriter<[UInt8]>, Item) -> Void
    /// The JSON fields before the items.
    var writeHead: (inout JSONWriter<[UInt8]>) -> Void = { _ in }
    /// The text for an empty list.
    let nothing: String

    func print(
        json isJSON: Bool, _ read: (Key?) async throws(LedgerError) -> Page<Item, Key>
    ) async throws {
        if isJSON { try await printJSON(read) } else { try await printTable(read) }
    }

    private func printTable(
        _ read: (Key?) async throws(LedgerError) -> Page<Item, Key>
    ) async throws {
        var table = Table(columns, styling: .standardOutput)
        var isEmpty = true
        try await forEachPage(read) { page in
            for line in table.lines(page.items.map(row)) { Swift.print(line) }
            isEmpty = isEmpty && page.items.isEmpty
            try StandardOutput.flush()
            return true
        }
        if isEmpty { printError(nothing) }
    }

    private func printJSON(_ read: (Key?) async throws(LedgerError) -> Page<Item, Key>) async throws {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        var isBegun = false
        try await forEachPage(read) { page in
            if !isBegun {
                writeHead(&json)
                json.key("items")
                json.openArray()
                isBegun = true
            }
            for item in page.items { write(&json, item) }
            Swift.print(String(decoding: json.output, as: UTF8.self), terminator: "")
            json.output.removeAll(keepingCapacity: true)
            try StandardOutput.flush()
            return true
        }
        json.closeArray()
        json.key("next_cursor")
        json.null()
        json.closeObject()
        Swift.print(String(decoding: json.output, as: UTF8.self))
    }
}

/// Reads a list to its end, a page at a time.
/// - Parameter body: Returns whether to read the next page.
func forEachPage<Item, Key>(
    _ read: (Key?) async throws(LedgerError) -> Page<Item, Key>,
    do body: (Page<Item, Key>) throws -> Bool
) async throws {
    var key: Key?
    repeat {
        let page = try await read(key)
        guard try body(page) else { return }
        key = page.next
    } while key != nil
}
