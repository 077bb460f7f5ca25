/// An item of the catalog that may be archived.
public struct Archivable<Item: Hashable & Sendable>: Hashable, Sendable {
    public let item: Item
    public let archivedAt: Timestamp?

    public init(_ item: Item, archivedAt: Timestamp?) {
        self.item = item
        self.archivedAt = archivedAt
    }
}
