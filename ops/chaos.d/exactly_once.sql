-- Compares the movements that clients were told of with the ledger; the stores are only theirs. Lines of store, position
-- and reference come from standard input. Prints JSON.
create temp table acknowledged (store_id bigint, position bigint, reference text);
\copy acknowledged from pstdin
with recorded as materialized (
    select * from movements where store_id in (select store_id from acknowledged)
)
select json_build_object(
    'lost', (select count(*) from (select * from acknowledged except select store_id, position, reference from recorded) l),
    'unacknowledged',
    (select count(*) from (select store_id, position, reference from recorded except select * from acknowledged) u),
    'twice', (select count(*) from (select from recorded group by reference having count(*) > 1) t),
    'wrong_levels',
    (select count(*)
     from (select store_id, product_id, sum(quantity) as on_hand from recorded group by store_id, product_id) s
     full join (select * from stock_levels where store_id in (select store_id from acknowledged)) l
        using (store_id, product_id)
     where s.on_hand is distinct from l.on_hand));
