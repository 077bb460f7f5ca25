-- Documents in Redis are authenticated with a secret of the cache that is current, which every instance reads here.
alter table cache_state add column secret text;

comment on column cache_state.secret is
    'Authenticates the documents of the namespace; made when the cache is switched on';
