-- The ledgers, the catalog and what is derived from them.
--
-- There are no foreign keys: the write path reads products and stores under the locks that it holds anyway, and a
-- foreign key would make every movement of a popular product lock the same product row. Every key of a large table
-- begins with store_id, so the tables can be distributed by store.

create type movement_type as enum ('stock-in', 'sale', 'manual-removal', 'transfer-out', 'transfer-in');

-- A store and the head of its ledger, whose lock serialises the store's changes. Rows leave room on their page: the
-- head changes with every commit, and an update that finds room touches no index.
create table stores (
    store_id    bigint primary key check (store_id >= 0),
    name        text not null,
    position    bigint not null default 0 check (position >= 0),
    audit_head  bytea not null default decode(repeat('00', 32), 'hex') check (length(audit_head) = 32),
    recorded_at timestamptz not null default '-infinity',
    version     bigint not null,
    archived_at timestamptz
) with (fillfactor = 40);

comment on column stores.position is 'The last position of the store''s ledger';
comment on column stores.recorded_at is 'When the last entry of the store''s ledger was recorded';
comment on column stores.version is 'The catalog''s position of the last change to name or archived_at';

-- The catalog's own ledger.
insert into stores (store_id, name, version) values (0, 'catalog', 0);

create table products (
    product_id  bigint primary key check (product_id > 0),
    sku         text unique,
    name        text not null,
    category    text,
    unit        text,
    version     bigint not null,
    archived_at timestamptz
);

comment on column products.version is 'The catalog''s position of the product''s last change';

create table stock_levels (
    store_id    bigint not null,
    product_id  bigint not null,
    on_hand     bigint not null check (on_hand >= 0),
    position    bigint not null,
    recorded_at timestamptz not null,
    primary key (store_id, product_id)
) with (fillfactor = 70);

comment on table stock_levels is 'The level after the last movement of each product in each store: derived from movements';

create table movements (
    store_id      bigint not null,
    position      bigint not null check (position > 0),
    product_id    bigint not null,
    type          movement_type not null,
    quantity      bigint not null check (quantity > 0),
    on_hand_after bigint not null check (on_hand_after >= 0),
    transfer_id   text,
    reference     text,
    note          text,
    occurred_at   timestamptz,
    recorded_at   timestamptz not null,
    primary key (store_id, position)
);

-- A product's history in a store, and its level at any position: one probe.
create index movements_by_product on movements (store_id, product_id, position);

create table audit_log (
    store_id    bigint not null,
    position    bigint not null check (position > 0),
    recorded_at timestamptz not null,
    actor       text not null,
    action      text not null,
    request_id  text not null,
    detail      text not null,
    hash        bytea not null check (length(hash) = 32),
    primary key (store_id, position)
);

comment on column audit_log.detail is 'A JSON object, as text: the hash covers its bytes';

create function refuse_change_of_history() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete or truncate on movements
    for each statement execute function refuse_change_of_history();
create trigger append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change_of_history();

create table idempotency (
    principal   text not null,
    key         text not null,
    fingerprint bytea not null,
    outcome     text not null,
    expires_at  timestamptz not null,
    primary key (principal, key)
);

create index idempotency_by_expiry on idempotency (expires_at);

comment on column idempotency.outcome is 'What the first request with the key did, as JSON';

-- Commits that caches may not have heard of yet. A commit is named by the last audit entry that it wrote.
create table outbox (
    store_id     bigint not null,
    position     bigint not null,
    changes      text not null,
    committed_at timestamptz not null default clock_timestamp(),
    primary key (store_id, position)
);

comment on column outbox.changes is 'As JSON, for each ledger that advanced: [store_id, position, [[product_id, position], …]]';

create table api_keys (
    id          text primary key,
    name        text not null,
    role        text not null check (role in ('reader', 'clerk', 'manager', 'admin')),
    secret_hash bytea not null check (length(secret_hash) = 32),
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    revoked_at  timestamptz
);

-- The last position of a ledger that was recorded before a moment. Times never decrease from one position to the
-- next and positions have no gaps, so a binary search over the primary key finds it: no index by time is needed.
create function position_before(ledger bigint, moment timestamptz) returns bigint
    language plpgsql stable parallel safe as $$
declare
    low  bigint := 0;
    high bigint := coalesce((select max(position) from audit_log where store_id = ledger), 0);
    mid  bigint;
begin
    while low < high loop
        mid := (low + high + 1) / 2;
        if (select recorded_at from audit_log where store_id = ledger and position = mid) < moment then
            low := mid;
        else
            high := mid - 1;
        end if;
    end loop;
    return low;
end
$$;
