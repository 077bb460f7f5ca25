-- Finds the entries of an actor, in the order in which they are listed, without reading those of others.
create index audit_log_by_actor on audit_log (actor, store_id, position);
