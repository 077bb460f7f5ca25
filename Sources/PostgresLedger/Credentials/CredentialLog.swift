import Access
import Inventory
import Postgres

/// The log of keys and users.
enum CredentialLog {
    static func end(_ session: Session) throws -> LedgerHead { try end([session.execute(end)][0]).head }

    /// In a transaction: locks the log until it ends, then reads its end and the current time.
    static let lockedEnd = [Query(lock), Query(end)]

    /// - Parameter rows: Of the second query of `lockedEnd`.
    static func end(_ rows: Rows) throws -> (head: LedgerHead, now: Timestamp) {
        let row = try rows.one()
        let head = LedgerHead(
            storeID: .credentials, position: Position(rawValue: try row.int64(0)), hash: try row.auditHash(1),
            recordedAt: try row.moment(2))
        return (head, try row.moment(3))
    }

    static func insert(_ entries: [AuditEntry]) -> Query { Query(insert, AuditEntry.columns(of: entries)) }

    /// Appends an entry for each key and user that existed before there was a log.
    static func recordExisting(_ session: Session) throws {
        var (head, now) = try end(session.pipeline(lockedEnd)[1])
        let context = CommandContext(actor: "migration", requestID: "migration-7")
        func record<Record: StoredCredential>(_ records: [Record], _ action: AuditAction) throws {
            for record in records {
                let entry = head.append(action, record, context, at: now)
                _ = try session.pipeline([insert([entry]), record.put(entry.position)])
            }
        }
        try record(APIKeyRecord.all(session), .keyExisted)
        try record(UserRecord.all(session), .userExisted)
    }

    /// The first entries after a position.
    static func page(
        after position: Position, limit: Int = .max, in history: History? = nil, _ session: Session
    ) throws -> AuditedPage {
        let results = try session.pipeline([
            Query(list, .int64(position.rawValue), .int64(Int64(limit))), Query(end),
        ])
        let entries = try results[0].map(AuditEntry.init)
        let end = try end(results[1]).head.position
        return AuditedPage(
            entries: entries, end: end, isLast: entries.count < limit || entries.last?.position == end,
            in: history)
    }

    /// "users" in ASCII.
    private static let lock = Statement("credential_log.lock", "select pg_advisory_xact_lock(\(0x75_73_65_72_73))")

    private static let end = Statement(
        "credential_log.end",
        """
        select coalesce(position, 0), coalesce(hash, decode(repeat('00', 32), 'hex')),
            coalesce(recorded_at, '0001-01-01T00:00:00Z'), clock_timestamp()
        from (values (1)) one
        left join (select * from credential_log order by position desc limit 1) last on true
        """)

    private static let insert = Statement(
        "credential_log.insert",
        """
        insert into credential_log (position, recorded_at, actor, action, request_id, detail, hash)
        select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::bytea[])
        """)

    private static let list = Statement(
        "credential_log.list",
        """
        select \(StoreID.credentials), position, recorded_at, actor, action, request_id, detail, hash
        from credential_log where position > $1::bigint order by position limit $2::bigint
        """)
}

/// A key or user as a row of its table.
protocol StoredCredential: AuditedCredential {
    init(_ row: Row) throws
    /// The row of an id or name.
    static var find: Statement { get }
    static func all(_ session: Session) throws -> [Self]
    /// Inserts or updates the row, and returns it as `find` does.
    /// - Parameter version: The position of the entry about the change.
    func put(_ version: Position) -> Query
}
