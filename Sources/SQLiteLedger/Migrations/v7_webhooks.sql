-- Receivers of events over HTTP. A webhook is a subscription with the same id, and changes with an entry in credential_log.
create table webhooks (
    id         text not null primary key,
    -- The position in credential_log of the last change.
    version    integer not null,
    created_at integer not null,
    deleted_at integer,
    -- Where and what it receives, and with which secrets it is signed, as a JSON object.
    definition text not null
) strict;

create trigger webhooks_are_inserted_with_entry before insert on webhooks
when not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'webhook:' || new.id)
begin select raise(abort, 'webhooks is changed only with an entry in credential_log'); end;

create trigger webhooks_are_updated_with_entry before update on webhooks
when new.version <= old.version or not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'webhook:' || new.id)
begin select raise(abort, 'webhooks is changed only with an entry in credential_log'); end;

-- What keeps a store's events from a webhook, and from where on somebody wants them again. A store without a row has nothing
-- of that.
create table webhook_deliveries (
    webhook_id      text not null,
    store_id        integer not null,
    attempts        integer not null default 0 check (attempts >= 0),
    next_attempt_at integer,
    parked_at       integer,
    last_failure    text,
    replay_after    integer check (replay_after >= 0),
    primary key (webhook_id, store_id)
) strict, without rowid;
