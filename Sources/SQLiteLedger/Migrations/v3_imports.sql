-- Finds what imports recorded through a server, which earlier programs kept under keys that were forgotten after a day.
-- What is imported straight into the file ('import') is known by keys that are kept for good.
create index audit_log_of_imports on audit_log (request_id)
where actor <> 'import' and request_id >= 'import-' and request_id < 'import.';
