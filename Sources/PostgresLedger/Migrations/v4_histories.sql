-- Which history the ledger is in, and which cache counts: docs/coherence.md says what for. Programs of version 3 run on
-- this too.

create table histories (
    number   bigint generated always as identity primary key,
    id       text not null unique,
    origin   text not null,
    began_at timestamptz not null default clock_timestamp()
);

comment on table histories is 'The last row is the current history: a position means something within one of them';
comment on column histories.origin is 'Of the primary that began it: system identifier/oid of the database/timeline';

create table cache_state (
    is_only        boolean primary key default true check (is_only),
    generation     bigint not null default 0,
    namespace      text,
    server_started timestamptz
);

comment on column cache_state.namespace is 'The namespace that counts; null while the cache is off';
comment on column cache_state.server_started is
    'When the server had started that the cache was switched on with; null: programs may have had one of their own since';

-- Programs of version 3 may run and trust a cache of their own that this does not know: until a relay has taken over, all
-- commits wait for it.
insert into cache_state (namespace, server_started)
select case when is_used then 'version 3' end, case when not is_used then pg_postmaster_start_time() end
from (select exists (select from audit_log) as is_used) as ledger;

alter table outbox add column namespace text;

comment on column outbox.namespace is 'The namespace that is owed the news; null: of a program of version 3';

-- Programs of version 3 tell of their commits in a namespace of their own, and delete the rows then. The others' relay has
-- to see them too, to tell the cache that counts; where there is no such relay, by its lock ("relay2" in ASCII), that cache
-- counts no more.
create function keep_for_relay() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('khata.relay', true), '') = 'on' then return old; end if;
    if exists (select from cache_state where namespace <> 'version 3') then
        if not pg_try_advisory_xact_lock_shared(125779935590706) then return null; end if;
        update cache_state set namespace = 'version 3', server_started = null where namespace <> 'version 3';
    end if;
    return old;
end
$$;

create trigger keep_for_relay before delete on outbox
    for each row when (old.namespace is null) execute function keep_for_relay();
