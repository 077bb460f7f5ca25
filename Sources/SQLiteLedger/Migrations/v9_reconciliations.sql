-- When each ledger was last compared with what is derived from it, and how much differed.
create table reconciliations (
    -- 'ledger:' and a store_id.
    part        text not null primary key,
    known_since integer not null,
    started_at  integer not null,
    finished_at integer,
    differences integer not null default 0 check (differences >= 0)
) strict, without rowid;
