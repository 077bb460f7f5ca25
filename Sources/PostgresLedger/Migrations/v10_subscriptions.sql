-- Where the receivers of events stand. A subscription is delivered by one process at a time: its holder.
create table subscriptions (
    subscription_id text primary key,
    holder          text,
    held_until      timestamptz,
    check ((holder is null) = (held_until is null))
);

-- The last entry of each ledger that the receiver has. A ledger without a row has not been delivered at all.
create table subscription_cursors (
    subscription_id text not null,
    store_id        bigint not null,
    position        bigint not null check (position >= 0),
    hash            bytea not null check (length(hash) = 32),
    primary key (subscription_id, store_id)
);
