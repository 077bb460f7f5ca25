-- The ledgers, the catalog and what is derived from them: the tables of the ledger on PostgreSQL.
--
-- There are no foreign keys: the write path reads products and stores in the transaction that uses them. Times are
-- microseconds since 1970 in UTC. Rows lie in the order of their keys (without rowid), so that a commit writes one page
-- where a table and an index beside it would take two.

-- A store and the head of its ledger. recorded_at begins at 0001-01-01T00:00:00Z.
create table stores (
    store_id    integer not null primary key check (store_id >= 0),
    name        text not null,
    position    integer not null default 0 check (position >= 0),
    audit_head  blob not null default (zeroblob(32)) check (length(audit_head) = 32),
    recorded_at integer not null default -62135596800000000,
    version     integer not null,
    archived_at integer
) strict;

-- The catalog's own ledger.
insert into stores (store_id, name, version) values (0, 'catalog', 0);

-- name_key is the name in lower case with its letters composed, made by the program: by it products are found.
create table products (
    product_id  integer not null primary key check (product_id > 0),
    sku         text unique,
    name        text not null,
    name_key    text not null,
    category    text,
    unit        text,
    version     integer not null,
    archived_at integer
) strict;

create index products_by_name on products (name_key);

-- The level after the last movement of each product in each store: derived from movements.
create table stock_levels (
    store_id    integer not null,
    product_id  integer not null,
    on_hand     integer not null check (on_hand >= 0),
    position    integer not null,
    recorded_at integer not null,
    primary key (store_id, product_id)
) strict, without rowid;

create table movements (
    store_id      integer not null,
    position      integer not null check (position > 0),
    product_id    integer not null,
    type          text not null check (type in ('stock-in', 'sale', 'manual-removal', 'transfer-out', 'transfer-in')),
    quantity      integer not null check (quantity > 0),
    on_hand_after integer not null check (on_hand_after >= 0),
    transfer_id   text,
    reference     text,
    note          text,
    occurred_at   integer,
    recorded_at   integer not null,
    primary key (store_id, position)
) strict, without rowid;

-- A product's history in a store, and its level at any position: one probe.
create index movements_by_product on movements (store_id, product_id, position);

-- detail is a JSON object, as text: the hash covers its bytes.
create table audit_log (
    store_id    integer not null,
    position    integer not null check (position > 0),
    recorded_at integer not null,
    actor       text not null,
    action      text not null,
    request_id  text not null,
    detail      text not null,
    hash        blob not null check (length(hash) = 32),
    primary key (store_id, position)
) strict, without rowid;

-- History is append-only. "insert or replace" deletes without firing the triggers for deletion, so an insertion over an
-- entry that exists is refused before it gets that far.
create trigger movements_are_not_replaced before insert on movements
when exists (select 1 from movements where store_id = new.store_id and position = new.position)
begin select raise(abort, 'movements is append-only'); end;

create trigger movements_are_not_updated before update on movements
begin select raise(abort, 'movements is append-only'); end;

create trigger movements_are_not_deleted before delete on movements
begin select raise(abort, 'movements is append-only'); end;

create trigger audit_log_is_not_replaced before insert on audit_log
when exists (select 1 from audit_log where store_id = new.store_id and position = new.position)
begin select raise(abort, 'audit_log is append-only'); end;

create trigger audit_log_is_not_updated before update on audit_log
begin select raise(abort, 'audit_log is append-only'); end;

create trigger audit_log_is_not_deleted before delete on audit_log
begin select raise(abort, 'audit_log is append-only'); end;

-- What the first request with a key did, as JSON. A record without expires_at is kept for good.
create table idempotency (
    principal   text not null,
    key         text not null,
    fingerprint blob not null,
    outcome     text not null,
    expires_at  integer,
    primary key (principal, key)
) strict, without rowid;

create index idempotency_by_expiry on idempotency (expires_at);

-- number is the key's place in the list of all, and no other key ever gets it. stores is a JSON array, null for all.
-- last_used_at is written about once a minute, so a little behind.
create table api_keys (
    number            integer not null primary key autoincrement,
    id                text not null unique,
    name              text not null,
    role              text not null check (role in ('reader', 'clerk', 'manager', 'admin')),
    stores            text check (json_array_length(stores) between 1 and 1000),
    reads_per_second  integer check (reads_per_second > 0),
    writes_per_second integer check (writes_per_second > 0),
    secret_hash       blob not null check (length(secret_hash) = 32),
    created_at        integer not null,
    expires_at        integer,
    last_used_at      integer,
    revoked_at        integer
) strict;

-- password_hash is in the PHC string format.
create table users (
    name              text not null primary key
        check (length(name) between 1 and 64 and name not glob '*[^a-z0-9._-]*'),
    password_hash     text not null,
    role              text not null check (role in ('reader', 'clerk', 'manager', 'admin')),
    stores            text check (json_array_length(stores) between 1 and 1000),
    reads_per_second  integer check (reads_per_second > 0),
    writes_per_second integer check (writes_per_second > 0),
    created_at        integer not null,
    disabled_at       integer
) strict, without rowid;
