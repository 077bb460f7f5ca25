public import Access
import GRDB
public import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension SQLiteLedger: CredentialStoring {
    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        try await reader.run { database in try APIKeyRecord.find(id, in: database) }
    }

    public func addAPIKey(_ key: NewAPIKey) async throws(LedgerError) -> APIKeyRecord {
        let added = try await change { database in try key.insert(into: database) }
        guard let record = added.first else { throw .internalFailure }
        return record
    }

    public func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber> {
        let keys = try await reader.run { database in
            try APIKeyRecord.list(after: number, atMost: limit + 1, in: database)
        }
        return Page(keys, limit: limit, key: \.number)
    }

    public func revokeAPIKey(_ id: String) async throws(LedgerError) {
        let revoked = try await change { database in try APIKeyRecord.revoke(id, in: database) }
        guard !revoked.isEmpty else { throw .notFound }
    }

    public func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) {
        _ = try await change { database in
            try uses.flatMap { id, moment in try APIKeyRecord.noteUse(of: id, at: moment, in: database) }
        }
    }

    public func user(_ name: UserName) async throws(LedgerError) -> UserRecord? {
        try await reader.run { database in try UserRecord.find(name, in: database) }
    }

    public func addUser(_ user: NewUser) async throws(LedgerError) -> UserRecord {
        let added = try await change { database in try user.insert(into: database) }
        guard let record = added.first else { throw .refused(.alreadyExists("name")) }
        return record
    }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        let users = try await reader.run { database in
            try UserRecord.list(after: name, atMost: limit + 1, in: database)
        }
        return Page(users, limit: limit, key: \.name)
    }

    public func disableUser(_ name: UserName) async throws(LedgerError) {
        let disabled = try await change { database in try UserRecord.disable(name, in: database) }
        guard !disabled.isEmpty else { throw .notFound }
    }

    /// - Parameter body: Changes rows, and returns a value for each of them.
    private func change<Changed: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> [Changed]
    ) async throws(LedgerError) -> [Changed] {
        guard changes.take() else { throw .overloaded }
        defer { changes.release() }
        do {
            return try await transactions.run { database in
                let changed = try body(database)
                return Written(value: changed, isEmpty: changed.isEmpty)
            }
        } catch {
            throw LedgerError(error, observer)
        }
    }
}

extension Grant {
    /// From the columns role, stores, reads_per_second and writes_per_second; the first one's index is given.
    init(_ row: Row, from first: Int) throws {
        let stores = try (row.value(first + 1) as String?).map {
            try JSONDecoder().decode([Int64].self, from: Data($0.utf8))
        }
        try self.init(
            role: row.known(first), scope: stores.map { .only(Set($0.map(StoreID.init(rawValue:)))) } ?? .all,
            rates: RateOverrides(readsPerSecond: row.value(first + 2), writesPerSecond: row.value(first + 3)))
    }
}
