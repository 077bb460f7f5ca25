public import Access
public import Inventory
import Postgres

extension PostgresLedger: CredentialStoring {
    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        try await find(Query(.findKey, .text(id)), APIKeyRecord.init).first
    }

    public func addAPIKey(_ key: NewAPIKey) async throws(LedgerError) -> APIKeyRecord {
        let grant = key.grant
        let added = try await change(
            Query(
                .insertKey, .text(key.id), .text(key.name), .text(grant.role.rawValue), .bytes(key.secretHash),
                .timestamp(key.expiresAt?.microseconds), .stores(in: grant.scope), .int64(grant.rates.readsPerSecond),
                .int64(grant.rates.writesPerSecond)), APIKeyRecord.init)
        guard let record = added.first else { throw .internalFailure }
        return record
    }

    public func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber> {
        let keys = try await find(
            Query(.listKeys, .int64(number?.rawValue ?? 0), .int64(Int64(limit) + 1)), APIKeyRecord.init)
        return Page(keys, limit: limit, key: \.number)
    }

    public func revokeAPIKey(_ id: String) async throws(LedgerError) {
        let revoked = try await change(Query(.revokeKey, .text(id))) { try $0.text(0) }
        guard !revoked.isEmpty else { throw .notFound }
    }

    public func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) {
        let uses = Array(uses)
        _ = try await change(
            Query(.noteUses, .texts(uses.map(\.key)), .timestamps(uses.map(\.value.microseconds)))
        ) { try $0.text(0) }
    }

    public func user(_ name: UserName) async throws(LedgerError) -> UserRecord? {
        try await find(Query(.findUser, .text(name.description)), UserRecord.init).first
    }

    public func addUser(_ user: NewUser) async throws(LedgerError) -> UserRecord {
        let grant = user.grant
        let added = try await change(
            Query(
                .insertUser, .text(user.name.description), .text(user.passwordHash.description),
                .text(grant.role.rawValue), .stores(in: grant.scope), .int64(grant.rates.readsPerSecond),
                .int64(grant.rates.writesPerSecond)), UserRecord.init)
        guard let record = added.first else { throw .refused(.alreadyExists("name")) }
        return record
    }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        let users = try await find(
            Query(.listUsers, .text(name?.description ?? ""), .int64(Int64(limit) + 1)), UserRecord.init)
        return Page(users, limit: limit, key: \.name)
    }

    public func disableUser(_ name: UserName) async throws(LedgerError) {
        let disabled = try await change(Query(.disableUser, .text(name.description))) { try $0.text(0) }
        guard !disabled.isEmpty else { throw .notFound }
    }

    /// Reads the primary, because a replica may lack a recent revocation; while the primary is down, nothing is
    /// revoked, and the replica is the fallback.
    private func find<Item: Sendable>(
        _ query: Query, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        do throws(LedgerError) {
            return try await items(query, from: credentials, read)
        } catch .unavailable {
            guard let replica = reader.replica else { throw .unavailable }
            return try await items(query, from: replica, read)
        }
    }

    private func change<Item: Sendable>(
        _ query: Query, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        do {
            return try await primary.run { session in try session.pipeline([query])[0].map(read) }
        } catch {
            if let error = error as? PostgresError, error.outcome == .unknown { throw .outcomeUnknown }
            throw LedgerError(readFailure: error, observer)
        }
    }

    private func items<Item: Sendable>(
        _ query: Query, from pool: Pool, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        do {
            return try await pool.run { session in try session.pipeline([query])[0].map(read) }
        } catch {
            throw LedgerError(readFailure: error, observer)
        }
    }
}

extension Parameter {
    static func int64(_ number: Int?) -> Parameter { .int64(number.map(Int64.init)) }
}

extension Grant {
    /// From the columns role, stores, reads_per_second and writes_per_second, starting at `first`.
    init(_ row: Row, from first: Int) throws {
        try self.init(
            role: row.known(first),
            scope: row.optionalInt64s(first + 1).map { .only(Set($0.map(StoreID.init(rawValue:)))) } ?? .all,
            rates: RateOverrides(
                readsPerSecond: row.optionalInt64(first + 2).map(Int.init),
                writesPerSecond: row.optionalInt64(first + 3).map(Int.init)))
    }
}
