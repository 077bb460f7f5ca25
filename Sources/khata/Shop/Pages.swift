import Inventory

/// Reads a list to its end, a page at a time.
/// - Parameter body: Says whether the next page is wanted.
func forEachPage<Item, Key>(
    _ read: (Key?) async throws(LedgerError) -> Snapshot<Page<Item, Key>>,
    do body: (Snapshot<Page<Item, Key>>) throws -> Bool
) async throws {
    var key: Key?
    repeat {
        let page = try await read(key)
        guard try body(page) else { return }
        key = page.value.next
    } while key != nil
}
