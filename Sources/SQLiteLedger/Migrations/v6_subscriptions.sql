-- Where the receivers of events stand. A subscription is delivered by one process at a time: its holder.
create table subscriptions (
    subscription_id text primary key,
    holder          text,
    held_until      integer,
    check ((holder is null) = (held_until is null))
) strict, without rowid;

-- The last entry of each ledger that the receiver has. A ledger without a row has not been delivered at all.
create table subscription_cursors (
    subscription_id text not null,
    store_id        integer not null,
    position        integer not null check (position >= 0),
    hash            blob not null check (length(hash) = 32),
    primary key (subscription_id, store_id)
) strict, without rowid;
