-- The log of keys and users: an entry for each change, chained as those of audit_log are. The migration appends one for each
-- key and user that exists; see CredentialLog.swift.
create table credential_log (
    position    integer not null primary key check (position > 0),
    recorded_at integer not null,
    actor       text not null,
    action      text not null,
    request_id  text not null,
    detail      text not null,
    hash        blob not null check (length(hash) = 32)
) strict;

create trigger credential_log_is_not_replaced before insert on credential_log
when exists (select 1 from credential_log where position = new.position)
begin select raise(abort, 'credential_log is append-only'); end;

create trigger credential_log_is_not_updated before update on credential_log
begin select raise(abort, 'credential_log is append-only'); end;

create trigger credential_log_is_not_deleted before delete on credential_log
begin select raise(abort, 'credential_log is append-only'); end;

-- The position in credential_log of the last change.
alter table api_keys add column version integer;
alter table users add column version integer;

-- No program changes a key or user without an entry about it, not even an earlier one that had the file open.
create trigger api_keys_are_inserted_with_entry before insert on api_keys
when not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'key:' || new.id)
begin select raise(abort, 'api_keys is changed only with an entry in credential_log'); end;

create trigger api_keys_are_updated_with_entry before update on api_keys
when new.last_used_at is old.last_used_at and (new.version <= old.version or not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'key:' || new.id))
begin select raise(abort, 'api_keys is changed only with an entry in credential_log'); end;

create trigger users_are_inserted_with_entry before insert on users
when not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'user:' || new.name)
begin select raise(abort, 'users is changed only with an entry in credential_log'); end;

create trigger users_are_updated_with_entry before update on users
when new.version <= old.version or not exists (
    select 1 from credential_log where position = new.version and detail ->> '$.subject' = 'user:' || new.name)
begin select raise(abort, 'users is changed only with an entry in credential_log'); end;
