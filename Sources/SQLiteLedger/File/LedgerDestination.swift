import GRDB
public import Inventory

/// The destination of a ledger that was moved out of its file.
public struct LedgerDestination: Hashable, Sendable {
    /// Readable: server and database, without the password.
    public let name: String
    /// Identifies the database, however it is addressed.
    public let identity: String
    public let movedAt: Timestamp

    public init(name: String, identity: String, movedAt: Timestamp) {
        self.name = name
        self.identity = identity
        self.movedAt = movedAt
    }
}

extension SQLiteLedger {
    /// Where the ledger was moved; `nil` if it was not.
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
