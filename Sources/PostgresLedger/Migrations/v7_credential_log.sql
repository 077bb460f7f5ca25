-- The log of keys and users: an entry for each change, chained as those of audit_log are. The migration appends one for each
-- key and user that exists; see CredentialLog.swift.

create table credential_log (
    position    bigint primary key check (position > 0),
    recorded_at timestamptz not null,
    actor       text not null,
    action      text not null,
    request_id  text not null,
    detail      text not null,
    hash        bytea not null check (length(hash) = 32)
);

comment on column credential_log.detail is 'The key or user after the change, as a JSON object: the hash covers its bytes';

create trigger append_only before update or delete or truncate on credential_log
    for each statement execute function refuse_change_of_history();

alter table api_keys add column version bigint;
alter table users add column version bigint;

comment on column api_keys.version is 'The position in credential_log of the last change';
comment on column users.version is 'The position in credential_log of the last change';

-- An entry follows the last one: nobody can use up the numbers, so that no later change could be recorded.
do $$
begin
    execute format($function$
        create function refuse_gap() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
        begin
            if new.position <> (select coalesce(max(position), 0) + 1 from %I.credential_log) then
                raise exception 'entry %% of credential_log does not follow the last one', new.position
                    using errcode = 'restrict_violation';
            end if;
            return new;
        end
        $body$
        $function$, current_schema());
end
$$;

create trigger follows_the_last before insert on credential_log
    for each row execute function refuse_gap();

-- Refuses to change a key or user without an entry about it, also to earlier programs, which write none. Only the time of
-- the last use may change. The schema's name is part of the body, so that nobody puts another table before this one.
do $$
begin
    execute format($function$
        create function refuse_change_without_entry() returns trigger language plpgsql
        set search_path = pg_catalog, pg_temp as $body$
        begin
            if tg_op = 'UPDATE' then
                if to_jsonb(new) - 'last_used_at' = to_jsonb(old) - 'last_used_at' then return new; end if;
                if new.version <= old.version then new.version := null; end if;
            end if;
            if not exists (
                select from %I.credential_log
                where position = new.version
                    and detail::jsonb ->> 'subject' = tg_argv[0] || (to_jsonb(new) ->> tg_argv[1])
            ) then
                raise exception '%% is changed only with an entry in credential_log', tg_table_name
                    using errcode = 'restrict_violation', hint = 'Use khata key and khata user, of this version.';
            end if;
            return new;
        end
        $body$
        $function$, current_schema());
end
$$;

create trigger changed_with_entry before insert or update on api_keys
    for each row execute function refuse_change_without_entry('key:', 'id');
create trigger changed_with_entry before insert or update on users
    for each row execute function refuse_change_without_entry('user:', 'name');
