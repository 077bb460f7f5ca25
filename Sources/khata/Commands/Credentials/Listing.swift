import Inventory

/// A list as a command prints it, gathered page by page.
struct Listing<Item: Sendable>: Sendable {
    /// What fits into a terminal's memory, and nobody reads beyond.
    private static var most: Int { 10_000 }

    private let items: [Item]
    private let isComplete: Bool

    /// - Parameter page: The page after a key; the first one after `nil`.
    init<Key: Sendable>(page: (Key?) async throws -> Page<Item, Key>) async throws {
        var first = try await page(nil)
        var items = first.items
        while let last = first.next, items.count < Self.most {
            first = try await page(last)
            items += first.items
        }
        self.items = items
        isComplete = first.next == nil
    }

    /// Prints `{"items": […]}`, or a table.
    func print(
        asJSON isJSON: Bool, _ header: [String], columns: (Item) -> [String],
        write: (inout JSONWriter<[UInt8]>, Item) -> Void
    ) {
        if isJSON {
            Swift.print(json(write))
        } else {
            Swift.print(aligned([header] + items.map(columns)))
        }
        if !isComplete { printError("khata: there are more than these \(items.count)") }
    }

    private func json(_ write: (inout JSONWriter<[UInt8]>, Item) -> Void) -> String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        json.key("items")
        json.openArray()
        for item in items {
            json.openObject()
            write(&json, item)
            json.closeObject()
        }
        json.closeArray()
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}

/// Rows of text in columns, as wide as their widest cell.
func aligned(_ rows: [[String]]) -> String {
    let rows = rows.map { $0.map(\.printable) }
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
}

extension String {
    /// Without control characters, which a terminal would obey.
    var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

extension Timestamp {
    /// To the second, as `2026-11-20T19:55:00Z`.
    var short: String { description.prefix(19) + "Z" }
}
