import Inventory
import JSON

/// A list of keys or users for printing, read page by page.
struct CredentialListing<Item: Sendable>: Sendable {
    /// More would not be useful on a terminal.
    private static var maximum: Int { 10_000 }

    private let items: [Item]
    private let isComplete: Bool

    /// - Parameter page: The page after a key; the first one after `nil`.
    init<Key: Sendable>(page: (Key?) async throws -> Page<Item, Key>) async throws {
        var first = try await page(nil)
        var items = first.items
        while let last = first.next, items.count < Self.maximum {
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
            var table = Table(header.map(Table.Column.text), styling: .standardOutput)
            for line in table.lines(items.map { columns($0).map { Table.Cell($0) } }) { Swift.print(line) }
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

extension Timestamp {
    /// To the second, such as `2026-11-20T19:55:00Z`.
    var short: String { description.prefix(19) + "Z" }
}
