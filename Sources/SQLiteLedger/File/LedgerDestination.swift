import GRDB
public import Inventory

/// Where a ledger is that was moved out of its file.
public struct LedgerDestination: Hashable, Sendable {
    /// For people: a server and a database, and no password.
    public let name: String
    /// Tells the database from all others, by whatever name it is reached.
    public let identity: String
    public let movedAt: Timestamp

    public init(name: String, identity: String, movedAt: Timestamp) {
        self.name = name
        self.identity = identity
        self.movedAt = movedAt
    }
}

extension SQLiteLedger {
    /// Where the ledger was moved; `nil` while it is here.
    public func destination() async throws(LedgerError) -> LedgerDestination? {
        try await reader.run { database in try LedgerDestination.find(in: database) }
    }
}

extension LedgerDestination {
    static func find(in database: Database) throws -> LedgerDestination? {
        try database.rows(find) { row in
            try LedgerDestination(name: row.value(0), identity: row.value(1), movedAt: row.time(2))
        }.first
    }

    func insert(into database: Database) throws {
        try database.run(Self.insert, name, identity, movedAt.microseconds)
    }

    private static let find = "select destination, identity, moved_at from moved"

    private static let insert = "insert into moved (destination, identity, moved_at) values (?, ?, ?)"
}
