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
        try await reader.lookUp { database in try APIKeyRecord.find(id, in: database) }
    }

    public func addAPIKey(
        _ key: NewAPIKey, _ context: CommandContext
    ) async throws(LedgerError) -> APIKeyRecord {
        try await change(key.id, .keyCreated, context) { stored, now throws(LedgerError) in
            guard stored == nil else { throw .internalFailure }
            return APIKeyRecord(key, createdAt: now)
        }
    }

    public func changeAPIKey(
        _ id: String, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout APIKeyRecord, Timestamp) -> Void
    ) async throws(LedgerError) -> APIKeyRecord {
        try await self.change(id, action, context, changing(change))
    }

    public func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber> {
        let keys = try await reader.run { database in
            try APIKeyRecord.list(after: number, atMost: limit + 1, in: database)
        }
        return Page(keys, limit: limit, key: \.number)
    }

    public func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) {
        try await write { database in
            let noted = try uses.flatMap { id, moment in try APIKeyRecord.noteUse(of: id, at: moment, in: database) }
            return Written(value: (), isEmpty: noted.isEmpty)
        }
    }

    public func user(_ name: UserName) async throws(LedgerError) -> UserRecord? {
        try await reader.lookUp { database in try UserRecord.find(name.description, in: database) }
    }

    public func addUser(_ user: NewUser, _ context: CommandContext) async throws(LedgerError) -> UserRecord {
        try await change(user.name.description, .userCreated, context) { stored, now throws(LedgerError) in
            guard stored == nil else { throw .refused(.alreadyExists("name")) }
            return UserRecord(user, createdAt: now)
        }
    }

    public func changeUser(
        _ name: UserName, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout UserRecord, Timestamp) -> Void
    ) async throws(LedgerError) -> UserRecord {
        try await self.change(name.description, action, context, changing(change))
    }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        let users = try await reader.run { database in
            try UserRecord.list(after: name, atMost: limit + 1, in: database)
        }
        return Page(users, limit: limit, key: \.name)
    }

    /// Stores a changed or new key or user, with the entry about it in the log.
    /// - Parameter change: The state after the change, of what is stored, if it is.
    private func change<Record: StoredCredential>(
        _ id: String, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (Record?, Timestamp) throws(LedgerError) -> Record
    ) async throws(LedgerError) -> Record {
        try await write { database in
            let stored = try Record.find(id, in: database)
            var head = try CredentialLog.head(in: database)
            let now = head.nextTime(context, now: .now)
            let result = Result { () throws(LedgerError) in try change(stored, now) }
            guard case .success(let changed) = result, changed != stored else {
                return Written(value: result, isEmpty: true)
            }
            let entry = head.append(action, changed, context, at: now)
            try CredentialLog.append(entry, in: database)
            return Written(value: .success(try changed.put(entry.position, in: database)), isEmpty: false)
        }.get()
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Written<Value>
    ) async throws(LedgerError) -> Value {
        guard changes.take() else { throw .overloaded }
        defer { changes.release() }
        do {
            return try await transactions.run(body)
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
