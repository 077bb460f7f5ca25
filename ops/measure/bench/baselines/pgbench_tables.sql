-- The ledger's tables in plain form, for pgbench: what one movement costs when each is a transaction of its own.
-- Columns, indexes and storage settings are those of Sources/PostgresLedger/Migrations: keep them so, or the comparison
-- is not fair. The baseline does less: positions come from a sequence, so no store is locked and there may be gaps, there
-- are no idempotency records and no hashes are computed.

create type movement_type as enum ('stock-in', 'sale', 'manual-removal', 'transfer-out', 'transfer-in');

create table stock_levels (
    store_id    bigint not null,
    product_id  bigint not null,
    on_hand     bigint not null check (on_hand >= 0),
    position    bigint not null,
    recorded_at timestamptz not null,
    primary key (store_id, product_id)
) with (fillfactor = 70);

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

create table outbox (
    store_id     bigint not null,
    position     bigint not null,
    changes      text not null,
    committed_at timestamptz not null default clock_timestamp(),
    primary key (store_id, position)
);

create sequence positions;

insert into stock_levels
select store, product, 1000000, 1, now() from generate_series(1, 500) as store, generate_series(1, 100) as product;
