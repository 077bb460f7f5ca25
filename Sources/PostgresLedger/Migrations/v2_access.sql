-- Keys that are limited to stores, have rates of their own, and can be listed; and users.

alter table api_keys
    add column number            bigint generated always as identity unique,
    add column stores            bigint[] check (cardinality(stores) between 1 and 1000),
    add column reads_per_second  bigint check (reads_per_second > 0),
    add column writes_per_second bigint check (writes_per_second > 0),
    add column last_used_at      timestamptz;

comment on column api_keys.number is 'The key''s place in the list of all';
comment on column api_keys.stores is 'The stores that exist for the key; null for all';
comment on column api_keys.last_used_at is 'Written about once a minute, so a little behind';

create table users (
    name              text collate "C" primary key check (name ~ '^[a-z0-9._-]{1,64}$'),
    password_hash     text not null,
    role              text not null check (role in ('reader', 'clerk', 'manager', 'admin')),
    stores            bigint[] check (cardinality(stores) between 1 and 1000),
    reads_per_second  bigint check (reads_per_second > 0),
    writes_per_second bigint check (writes_per_second > 0),
    created_at        timestamptz not null default now(),
    disabled_at       timestamptz
);

comment on column users.password_hash is 'In the PHC string format';
