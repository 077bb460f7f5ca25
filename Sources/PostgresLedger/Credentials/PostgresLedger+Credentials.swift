public import Access
public import Inventory
import Postgres

extension PostgresLedger: CredentialStoring {
    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        try await find(Query(APIKeyRecord.find, .text(id)), APIKeyRecord.init).first
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
        let keys = try await find(
            Query(.listKeys, .int64(number?.rawValue ?? 0), .int64(Int64(limit) + 1)), APIKeyRecord.init)
        return Page(keys, limit: limit, key: \.number)
    }

    public func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) {
        let uses = Array(uses)
        let query = Query(.noteUses, .texts(uses.map(\.key)), .timestamps(uses.map(\.value.microseconds)))
        try await write { session in _ = try session.pipeline([query, Query(.commit)]) }
    }

    public func user(_ name: UserName) async throws(LedgerError) -> UserRecord? {
        try await find(Query(UserRecord.find, .text(name.description)), UserRecord.init).first
    }

    public func storeUsers(
        _ actions: [(id: UserName, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<UserRecord>
    ) async throws(LedgerError) -> [UserRecord] {
        try await store(actions.map { ($0.description, $1) }, context, change)
    }

    public func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        let users = try await find(
            Query(.listUsers, .text(name?.description ?? ""), .int64(Int64(limit) + 1)), UserRecord.init)
        return Page(users, limit: limit, key: \.name)
    }

    /// Reads the primary, because a replica may lack a recent revocation; while the primary is down, nothing is
    /// revoked, and a replica is the fallback.
    private func find<Item: Sendable>(
        _ query: Query, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        do throws(LedgerError) {
            return try await items(query, from: credentials, read)
        } catch .unavailable {
            return try await findOnReplica(query, read)
        }
    }

    private func findOnReplica<Item: Sendable>(
        _ query: Query, _ read: @escaping @Sendable (Row) throws -> Item
    ) async throws(LedgerError) -> [Item] {
        var tried: Replicas.Replica?
        while let replica = reader.replicas.begin(.any, except: tried) {
            do throws(LedgerError) {
                let items = try await items(query, from: replica.pool, read)
                reader.replicas.end(replica, .served)
                return items
            } catch {
                reader.replicas.end(replica, .failed)
                guard tried == nil else { throw error }
                tried = replica
            }
        }
        throw .unavailable
    }

    /// - Parameter prepare: Runs before the change, while nobody else changes keys, users or webhooks. If it returns `false`,
    ///   nothing else is stored.
    func store<Record: StoredCredential>(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext, _ change: @escaping CredentialChange<Record>,
        preparing prepare: (@Sendable (Session) throws -> Bool)? = nil
    ) async throws(LedgerError) -> [Record] {
        try await write { session in
            let results = try session.pipeline(
                CredentialLog.lockedEnd + actions.map { Query(Record.find, .text($0.id)) })
            let stored = try results[2...].compactMap { try $0.first.map(Record.init) }
            var (head, now) = try CredentialLog.end(results[1])
            now = head.nextTime(context, now: now)
            guard try prepare?(session) ?? true else { return [] }
            return try zip(actions, change(stored, now)).map { action, changed in
                guard !stored.contains(changed) else { return changed }
                let entry = head.append(action.1, changed, context, at: now)
                return try Record(
                    session.pipeline([CredentialLog.insert([entry]), changed.put(entry.position)])[1].one())
            }
        }
    }
}

extension PostgresLedger: AcknowledgementStoring {
    public func acknowledge(
        _ gap: LevelGap, note: String, _ context: CommandContext
    ) async throws(LedgerError) {
        try await write { session in
            var (head, now) = try CredentialLog.end(session.pipeline(CredentialLog.lockedEnd)[1])
            let detail = gap.auditDetail(note: note)
            let entry = head.append(.differenceAcknowledged, detail: detail, context, at: now)
            _ = try session.pipeline([CredentialLog.insert([entry]), Query(.commit)])
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
