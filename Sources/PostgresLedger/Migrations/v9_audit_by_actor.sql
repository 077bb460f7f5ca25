-- Finds the entries of an actor, in the order in which they are listed, without reading those of others.
--
-- Nothing is recorded while it is made, half a minute for ten million entries: where that is too long, make it before, with
-- "create index concurrently".
do $$
declare
    present oid := to_regclass('audit_log_by_actor');
begin
    if present is not null and not exists (select from pg_index where indexrelid = present) then
        raise exception 'audit_log_by_actor is not an index: rename or drop it';
    end if;
    -- What a failed "create index concurrently" leaves is not used for reading.
    if exists (select from pg_index where indexrelid = present and not indisvalid) then
        drop index audit_log_by_actor;
    end if;
end
$$;

create index if not exists audit_log_by_actor on audit_log (actor, store_id, position);
