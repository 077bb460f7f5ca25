public import Access
public import Inventory
import Postgres

extension PostgresLedger: APIKeyStoring {
    /// From the primary, because a replica may not have heard that a key was revoked; while the primary is down, nothing
    /// is revoked, and the replica answers.
    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        let query = Query(Self.findKey, .text(id))
        do {
            return try await keys(primary, query)
        } catch .unavailable {
            guard let replica = reader.replica else { throw .unavailable }
            return try await keys(replica, query)
        }
    }

    public func addAPIKey(
        id: String, name: String, role: Role, secretHash: [UInt8], expiresAt: Timestamp?
    ) async throws(LedgerError) -> APIKeyRecord {
        let added = try await keys(
            primary,
            Query(
                Self.insertKey, .text(id), .text(name), .text(role.rawValue), .bytes(secretHash),
                .timestamp(expiresAt?.microseconds)))
        guard let added else { throw .internalFailure }
        return added
    }

    private func keys(_ pool: Pool, _ query: Query) async throws(LedgerError) -> APIKeyRecord? {
        do {
            return try await pool.run { session in
                try session.pipeline([query])[0].first.map(APIKeyRecord.init)
            }
        } catch {
            throw reader.failure(error)
        }
    }

    private static let findKey = Statement(
        "api_keys.find",
        "select id, name, role, secret_hash, created_at, expires_at, revoked_at from api_keys where id = $1::text")

    private static let insertKey = Statement(
        "api_keys.insert",
        """
        insert into api_keys (id, name, role, secret_hash, expires_at)
        values ($1::text, $2::text, $3::text, $4::bytea, $5::timestamptz)
        returning id, name, role, secret_hash, created_at, expires_at, revoked_at
        """)
}

extension APIKeyRecord {
    fileprivate init(_ row: Row) {
        guard let role = Role(rawValue: row.text(2)) else {
            preconditionFailure("the schema has a role that this program does not know: \(row.text(2))")
        }
        self.init(
            id: row.text(0), name: row.text(1), role: role, secretHash: row.bytes(3),
            createdAt: Timestamp(microseconds: row.timestamp(4)),
            expiresAt: row.optionalTimestamp(5).map { Timestamp(microseconds: $0) },
            revokedAt: row.optionalTimestamp(6).map { Timestamp(microseconds: $0) })
    }
}
