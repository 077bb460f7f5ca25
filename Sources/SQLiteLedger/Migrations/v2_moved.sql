-- Where the ledger went, if it was moved to another place: one row at most. From then on this file is only read.
create table moved (
    destination text not null,
    identity    text not null,
    moved_at    integer not null
) strict;

create unique index moved_once on moved ((0));

-- Every change writes an audit entry, so no program changes anything, not even an old one that had the file open.
create trigger audit_log_is_closed before insert on audit_log when exists (select 1 from moved)
begin select raise(abort, 'the ledger was moved'); end;
