-- Finds products by name, in upper or lower case and however the letters are composed. A hash index, because names are
-- only compared for equality and may be longer than a key of a tree.
create index products_by_name on products using hash (lower(normalize(name)));
