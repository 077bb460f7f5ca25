-- What a role that serves, and owns nothing, may not do by itself: ServingRole.swift has what it is granted. Bodies name the
-- schema, and search nothing else, so that nobody puts another table or operator before the one that is meant.

-- Levels follow from movements, whoever inserts those.
do $$
begin
    execute format($function$
        create function derive_levels() returns trigger language plpgsql
        security definer set search_path = pg_catalog, pg_temp as $body$
        begin
            -- As a trigger of another table, it would run the casts of that table's columns as the owner.
            if tg_relid <> '%1$I.movements'::regclass then raise 'levels follow from movements only'; end if;
            insert into %1$I.stock_levels as l (store_id, product_id, on_hand, position, recorded_at)
            select distinct on (store_id, product_id) store_id, product_id, on_hand_after, position, recorded_at
            from inserted order by store_id, product_id, position desc
            on conflict (store_id, product_id) do update
            set on_hand = excluded.on_hand, position = excluded.position, recorded_at = excluded.recorded_at;
            return null;
        end
        $body$
        $function$, current_schema());
end
$$;

revoke execute on function derive_levels() from public;

create trigger derive_levels after insert on movements
    referencing new table as inserted for each statement execute function derive_levels();

-- Products and stores change with an entry about them in the catalog's log, unless their owner changes them. Checked at the
-- commit, because earlier programs write the entry last. A store that is being moved here is closed, and at version 0.
do $$
begin
    execute format($function$
        create function refuse_catalog_without_entry() returns trigger language plpgsql
        set search_path = pg_catalog, pg_temp as $body$
        begin
            if pg_has_role((select relowner from pg_class where oid = tg_relid), 'USAGE') then return null; end if;
            if tg_op = 'UPDATE' then
                if new.version <= old.version then new.version := null; end if;
            end if;
            if not exists (
                select from %1$I.audit_log
                where store_id = 0 and position = new.version
                    and detail::jsonb -> tg_argv[0] = to_jsonb(new) -> tg_argv[0]
            ) then
                raise exception '%% is changed only with an entry in audit_log', tg_table_name
                    using errcode = 'restrict_violation';
            end if;
            return null;
        end
        $body$
        $function$, current_schema());
end
$$;

create constraint trigger changed_with_entry after insert or update on products
    deferrable initially deferred for each row execute function refuse_catalog_without_entry('product_id');
create constraint trigger changed_with_entry
    after insert or update of store_id, name, version, archived_at on stores
    deferrable initially deferred for each row execute function refuse_catalog_without_entry('store_id');
