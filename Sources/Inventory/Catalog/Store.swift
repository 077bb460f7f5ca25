public struct Store: Decodable, Hashable, Sendable {
    public let id: StoreID
    public let name: String
    /// The catalog's position of the store's last change: its version. Not the position of the store's own ledger.
    public let position: Position

    public init(id: StoreID, name: String, position: Position) {
        self.id = id
        self.name = name
        self.position = position
    }
}
