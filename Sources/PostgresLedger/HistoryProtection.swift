import Postgres

/// Compares what keeps history from being changed in the database with what the migrations set up.
enum HistoryProtection {
    /// Triggers that are missing or disabled, and powers of roles beyond those of one that serves. Not about the owner of
    /// the tables: see `ServingRole.ownership`.
    static func defects(_ session: Session) throws -> [String] {
        let hasParameters = try session.execute(hasParameterPrivileges).one().bool(0)
        let triggers = Migration.triggers
        let results = try session.pipeline([
            Query(missingTriggers, .texts(triggers.map(\.table)), .texts(triggers.map(\.name))),
            Query(tables, .texts(ServingRole.privileges.map(\.table))),
            Query(hasParameters ? excessesOf15 : excesses),
        ])
        return try results.flatMap { try $0.map { try $0.text(0) } }
    }

    private static let missingTriggers = Statement(
        "history_protection.triggers",
        """
        select format('the trigger %s on %s is %s', name, tab, case when t.oid is null then 'missing' else 'disabled' end)
        from unnest($1::text[], $2::text[]) as made (tab, name)
        left join pg_trigger t on tgrelid = to_regclass(tab) and tgname = name
        where t.oid is null or tgenabled not in ('O', 'A')
        """)

    /// What shows some readers other rows than others, or writes something else.
    private static let tables = Statement(
        "history_protection.tables",
        """
        select format('%s is %s', relname, case when relkind <> 'r' then 'no table'
            when relrowsecurity then 'under row security' else 'under a rule' end)
        from pg_class c
        where oid = any(select to_regclass(name) from unnest($1::text[]) name)
            and (relkind <> 'r' or relrowsecurity or exists (select from pg_rewrite where ev_class = c.oid))
        order by 1
        """)

    /// `pg_parameter_acl` is there since PostgreSQL 15.
    private static let hasParameterPrivileges = Statement(
        "history_protection.version", "select current_setting('server_version_num')::int >= 150000")
    private static let excesses = Statement("history_protection.excesses", excessesSQL())
    private static let excessesOf15 = Statement(
        "history_protection.excesses_15",
        excessesSQL(and: "union all select 10, 'the parameter ' || parname, paracl, '{}' from pg_parameter_acl"))

    /// Of each role that may change something, and of this session's, unless it owns the tables: what it, or a role that it
    /// is a member of, has beyond the privileges of a role that serves.
    private static func excessesSQL(and moreACLs: String = "") -> String {
        """
        with granted (name, privileges) as (
            values \(ServingRole.privileges.map { "('\($0)', array['\($1.joined(separator: "', '"))'])" }
                .joined(separator: ", ")),
                ('api_keys_number_seq', array['SELECT', 'USAGE']), ('histories_number_seq', array['SELECT', 'USAGE'])
        ), ledger as (
            select relowner as owner, relnamespace as schema from pg_class where oid = 'audit_log'::regclass
        ), relations as (
            select oid, relname::text, relowner, relacl, privileges from pg_class, ledger, granted
            where relnamespace = schema and relname = name
        ), acls (owner, object, acl, allowed) as (
            select relowner, relname, relacl, privileges from relations
            union all
            select relowner, relname || '.' || attname, attacl, privileges
            from relations r join pg_attribute on attrelid = r.oid and attacl is not null
            union all
            select nspowner, 'the schema', nspacl, array['USAGE'] from pg_namespace, ledger where oid = schema
            union all
            select proowner, 'the function derive_levels', coalesce(proacl, acldefault('f', proowner)), '{}'
            from pg_proc where oid = to_regprocedure('derive_levels()')
            union all
            select owner, 'new tables', defaclacl, array['SELECT', 'USAGE']
            from pg_default_acl, ledger where defaclrole = owner and defaclobjtype in ('r', 'S')
            \(moreACLs)
        ), grants as (
            select owner, grantee, object, privilege_type as privilege, is_grantable,
                is_grantable or privilege_type <> all (allowed)
                    or grantee = 0 and privilege_type not in ('SELECT', 'USAGE') as is_excess
            from acls, aclexplode(acl) where grantee <> owner
        ), changing as (
            select r.oid, rolname, rolsuper from pg_roles r, ledger
            where rolname = current_user and not pg_has_role(r.oid, owner, 'MEMBER')
                or r.oid in (
                    select grantee from grants where privilege not in ('SELECT', 'USAGE', 'SET', 'ALTER SYSTEM'))
        ), held as (
            select c.rolname as role, m.* from changing c
            join pg_roles m on m.oid = c.oid or not c.rolsuper and pg_has_role(c.oid, m.oid, 'MEMBER')
        ), found (role, through, power) as (
            select role, rolname, power from held, lateral (
                values (rolsuper, 'is a superuser'), (rolcreaterole and not rolsuper, 'may create roles'),
                    (rolbypassrls and not rolsuper, 'bypasses row security'),
                    (rolname in ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files',
                        'pg_read_server_files'), 'has access to all tables or files')
            ) as powers (has, power)
            where has
            union all
            select role, rolname, 'owns ' || string_agg(object, ', ' order by object)
            from held join acls on owner = held.oid where not rolsuper group by role, rolname
            union all
            select role, rolname,
                format('has %s%s on %s', privilege, case when is_grantable then ' WITH GRANT OPTION' end,
                    string_agg(object, ', ' order by object))
            from grants left join held on held.oid = grantee where is_excess and (grantee = 0 or role is not null)
            group by role, rolname, privilege, is_grantable
        )
        select distinct coalesce('the database role ' || role, 'every database role')
            || case when through <> role then ', as a member of ' || through || ',' else '' end || ' ' || power
        from found order by 1
        """
    }
}

extension Migration {
    /// Those that the migrations make.
    fileprivate static var triggers: [(table: String, name: String)] {
        all.flatMap(\.statements).compactMap { statement in
            statement.firstMatch(of: /create (?:constraint )?trigger (\w+)\s[^;]*?\son (\w+)\s/)
                .map { (String($0.2), String($0.1)) }
        }
    }
}
