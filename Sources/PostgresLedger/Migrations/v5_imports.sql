-- Finds what imports recorded through a server, which earlier programs kept under keys that were forgotten after a day.
-- What is imported straight into the database ('import') is known by keys that are kept for good.
--
-- Nothing is recorded while it is made, a few seconds for ten million entries: where that is too long, make it before,
-- with "create index concurrently".
do $$
declare
    present oid := to_regclass('audit_log_of_imports');
begin
    if present is not null and not exists (select from pg_index where indexrelid = present) then
        raise exception 'audit_log_of_imports is not an index: rename or drop it';
    end if;
    -- What a failed "create index concurrently" leaves is not used for reading.
    if exists (select from pg_index where indexrelid = present and not indisvalid) then
        drop index audit_log_of_imports;
    end if;
end
$$;

create index if not exists audit_log_of_imports on audit_log (request_id)
where actor <> 'import' and request_id like 'import-%';
