-- Finds what imports recorded through a server, which earlier programs kept under keys that were forgotten after a day.
-- What is imported straight into the database ('import') is known by keys that are kept for good.
--
-- Nothing is recorded while it is made, a few seconds for ten million entries: where that is too long, make it before,
-- with "create index concurrently".
create index if not exists audit_log_of_imports on audit_log (request_id)
where actor <> 'import' and request_id like 'import-%';
