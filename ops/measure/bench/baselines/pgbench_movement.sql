\set store random(1, :stores)
\set product random(1, :products)
\set change 1 - 2 * random(0, 1)
begin;
update stock_levels set on_hand = on_hand + :change, position = nextval('positions'), recorded_at = now() where store_id = :store and product_id = :product returning on_hand, position \gset
insert into movements values (:store, :position, :product, 'sale', 1, :on_hand, null, null, null, null, now());
insert into audit_log values (:store, :position, now(), 'benchmark', 'movement', '0f8fad5b-d9cb-469f-a165-70867728950e', '{"type": "sale", "product_id": 1, "quantity": 1}', '\x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08');
insert into outbox (store_id, position, changes) values (:store, :position, '[[1, 1, [[1, 1]]]]');
commit;
