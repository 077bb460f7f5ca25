import Postgres

/// What is granted to a role that serves without owning the tables: it appends to history, and changes what is not derived
/// from it only along with an entry (`v7_credential_log.sql`, `v8_serving_role.sql`).
enum ServingRole {
    static let privileges: [(table: String, granted: [String])] = [
        ("movements", ["SELECT", "INSERT"]),
        ("audit_log", ["SELECT", "INSERT"]),
        ("credential_log", ["SELECT", "INSERT"]),
        ("stock_levels", ["SELECT"]),
        ("stores", ["SELECT", "INSERT", "UPDATE"]),
        ("products", ["SELECT", "INSERT", "UPDATE"]),
        ("api_keys", ["SELECT", "INSERT", "UPDATE"]),
        ("users", ["SELECT", "INSERT", "UPDATE"]),
        ("idempotency", ["SELECT", "INSERT", "DELETE"]),
        // UPDATE for the locks of `select … for update`.
        ("outbox", ["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("histories", ["SELECT", "INSERT"]),
        ("cache_state", ["SELECT", "UPDATE"]),
        ("subscriptions", ["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("subscription_cursors", ["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("webhooks", ["SELECT", "INSERT", "UPDATE"]),
        ("webhook_deliveries", ["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("reconciliations", ["SELECT", "INSERT", "UPDATE"]),
        ("schema_versions", ["SELECT"]),
        ("schema_expansions", ["SELECT"]),
    ]

    /// Grants exactly that to a role, and again to those that have it: tables may have been added. Only their owner can;
    /// for others, `check` says what is missing.
    /// - Throws: `SchemaError.unsuitableRole`, `PostgresError`.
    static func grant(to role: String?, _ session: Session) throws {
        guard try session.execute(isOwner).one().bool(0) else { return }
        var roles = try session.execute(granted).map { try $0.text(0) }
        if let role {
            guard let found = try session.execute(find, .text(role)).first, try !found.bool(1) else {
                throw SchemaError.unsuitableRole(role)
            }
            roles.append(try found.text(0))
        }
        for role in Set(roles) {
            let schema = try session.execute(schema).one().text(0)
            var statements = ["begin", "grant usage on schema \(schema) to \(role)"]
            for (table, granted) in privileges {
                statements.append("revoke all on \(table) from \(role)")
                statements.append("grant \(granted.joined(separator: ", ")) on \(table) to \(role)")
            }
            do {
                for statement in statements + ["commit"] { try session.script(statement) }
            } catch {
                try? session.script("rollback")
                throw error
            }
        }
    }

    /// - Throws: `SchemaError.notGranted`, if the session's role may not do what serving takes.
    static func check(_ session: Session) throws {
        if let row = try session.execute(missing).first {
            throw SchemaError.notGranted(role: try row.text(0), privilege: try row.text(1))
        }
    }

    /// Why the session's role could change history unnoticed as the owner of the tables; `nil` if it is not.
    static func ownership(_ session: Session) throws -> String? {
        try session.execute(ownership).first.map { try $0.text(0) }
    }

    private static let isOwner = Statement(
        "serving_role.is_owner",
        "select pg_has_role(relowner, 'USAGE') from pg_class where oid = 'audit_log'::regclass")

    private static let schema = Statement("serving_role.schema", "select quote_ident(current_schema())")

    private static let granted = Statement(
        "serving_role.granted",
        """
        select distinct quote_ident(r.rolname) from pg_class c, aclexplode(c.relacl) a, pg_roles r
        where c.oid = 'audit_log'::regclass and a.privilege_type = 'INSERT' and a.grantee = r.oid
            and a.grantee <> c.relowner
        """)

    private static let find = Statement(
        "serving_role.find",
        """
        select quote_ident(r.rolname), pg_has_role(r.oid, c.relowner, 'USAGE') from pg_roles r, pg_class c
        where r.rolname = $1::text and c.oid = 'audit_log'::regclass
        """)

    private static let missing = Statement(
        "serving_role.missing",
        """
        select current_user::text, privilege || ' on ' || name
        from (values \(needed)) as needed (name, privilege) where not has_table_privilege(name, privilege)
        """)

    private static let needed = privileges.flatMap { table, granted in granted.map { "('\(table)', '\($0)')" } }
        .joined(separator: ", ")

    private static let ownership = Statement(
        "serving_role.ownership",
        """
        select 'the database role ' || current_user || ' owns the tables, so it could rewrite history: '
            || 'serve with a role of its own (primary.serving_role)'
        from pg_class where oid = 'audit_log'::regclass and pg_has_role(relowner, 'MEMBER')
        """)
}
