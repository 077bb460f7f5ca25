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

    public func storeAPIKeys(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<APIKeyRecord>
    ) async throws(LedgerError) -> [APIKeyRecord] {
        try await store(actions, context, change)
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

    public func storeUsers(
        _ actions: [(id: UserName, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<UserRecord>
    ) async throws(LedgerError) -> [UserRecord] {
        try await store(actions.map { ($0.description, $1) }, context, change)
    }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        let users = try await reader.run { database in
            try UserRecord.list(after: name, atMost: limit + 1, in: database)
        }
        return Page(users, limit: limit, key: \.name)
    }

    /// - Parameter prepare: Runs before the change. If it returns `false`, nothing is stored.
    func store<Record: StoredCredential>(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext, _ change: @escaping CredentialChange<Record>,
        preparing prepare: (@Sendable (Database) throws -> Bool)? = nil
    ) async throws(LedgerError) -> [Record] {
        try await write { database in
            typealias Outcome = Result<[Record], LedgerError>
            guard try prepare?(database) ?? true else { return Written(value: Outcome.success([]), isEmpty: true) }
            let stored = try actions.compactMap { try Record.find($0.id, in: database) }
            let end = try CredentialLog.head(in: database)
            let now = end.nextTime(context, now: .now)
            let result = Result { () throws(LedgerError) in try change(stored, now) }
            guard case .success(let changes) = result else { return Written(value: result, isEmpty: true) }
            var head = end
            let written = try zip(actions, changes).map { action, changed in
                guard !stored.contains(changed) else { return changed }
                let entry = head.append(action.1, changed, context, at: now)
                try CredentialLog.append(entry, in: database)
                return try changed.put(entry.position, in: database)
            }
            return Written(value: .success(written), isEmpty: head == end)
        }.get()
    }

    /// Runs a transaction that concerns no ledger.
    func write<Value: Sendable>(
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

extension SQLiteLedger: AcknowledgementStoring {
    public func acknowledge(
        _ gap: LevelGap, note: String, _ context: CommandContext
    ) async throws(LedgerError) {
        try await write { database in
            var head = try CredentialLog.head(in: database)
            let detail = gap.auditDetail(note: note)
            try CredentialLog.append(
                head.append(.differenceAcknowledged, detail: detail, context, at: .now), in: database)
            return Written(value: (), isEmpty: false)
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
