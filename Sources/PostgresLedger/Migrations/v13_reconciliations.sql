-- When each ledger was last compared with what is derived from it, and how much differed; and the documents in Redis.
create table reconciliations (
    part        text primary key,
    known_since timestamptz not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    differences bigint not null default 0 check (differences >= 0)
);

comment on column reconciliations.part is '''ledger:'' and a store_id, or ''documents''';
