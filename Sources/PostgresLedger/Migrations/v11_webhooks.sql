-- Receivers of events over HTTP. A webhook is a subscription with the same id, and changes with an entry in credential_log.
create table webhooks (
    id         text primary key,
    version    bigint not null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    definition text not null
);

comment on column webhooks.version is 'The position in credential_log of the last change';
comment on column webhooks.definition is 'Where and what it receives, and with which secrets it is signed, as a JSON object';

create trigger changed_with_entry before insert or update on webhooks
    for each row execute function refuse_change_without_entry('webhook:', 'id');

-- What keeps a store's events from a webhook, and from where on somebody wants them again. A store without a row has nothing
-- of that.
create table webhook_deliveries (
    webhook_id      text not null,
    store_id        bigint not null,
    attempts        bigint not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz,
    parked_at       timestamptz,
    last_failure    text,
    replay_after    bigint check (replay_after >= 0),
    primary key (webhook_id, store_id)
);
