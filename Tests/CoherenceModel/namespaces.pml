/* Which cache counts: histories, namespaces, trust, the relay, acknowledgements; over every interleaving.

   Bounds: one ledger with one commit or two in each of two histories, a primary, its standby and a replica that is read, two
   Redis, 1 to 3 namespaces, one or two readers and relays. Reads, rounds and messages are not counted. Positions begin at 1
   (the new store), so 0 says "none" everywhere.

   What happens inside a namespace (marks that are found out, documents, flights) is documents.pml: here a namespace is one
   number, its mark, and a hit is as old as that. How beats show that a round was made, and that the waits are long enough, is
   heartbeat.pml: here trust rests on the query of a round, and is over when 500 ms have passed since a commit that was not
   due yet at that query. README.md says why the three together are sound.

   -DLAST1=n, -DLAST2=n   the last position that the first and the second history reach
   -DREADERS=n, -DRELAYS=n, -DNAMESPACES=n
   -DFAILOVER    Redis: R1 is the master, then R1 and R2, then R2, then both again, R1 with R2's old data
   -DPROMOTION   the standby becomes the primary, without what was not replicated; the first one is dead
   -DSPLIT       as above, but the first one goes on: each history is judged by itself
   -DREPLICA     reads from a replica that lags, or that stays in the first history
   -DAHEAD       a replica may show a commit before the primary does
   -DMUTANT_x    one mistake, which must be caught: see README.md */

#ifndef LAST1
#define LAST1 2
#endif
#ifndef LAST2
#define LAST2 2
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef RELAYS
#define RELAYS 1
#endif
#ifndef NAMESPACES
#define NAMESPACES 2
#endif
#ifdef SPLIT
#define PROMOTION
#endif
#define REACHED(what) c_code { static int once; if (!once) { once = 1; printf("reached %s\n", what); } }

#define max(a, b) ((a) > (b) -> (a) : (b))
#define raise(x, n) x = max(x, n)
#define BIT(n) (1 << (n))

/* The databases: 1 the first primary, 2 the standby, 0 the replica that is read. What each holds: the position, the number
   of its last history, the rows of the outbox (bit n: of position n), the namespace that counts (0: the cache is off). */
byte position[3] = 1, history[3] = 1, rows[3], counts[3] = 1;
byte fork; /* the last position that both histories share */
bit isAlive = 1, isPromoted, hasBegun;
#define PRIMARY1 isAlive
#ifdef MUTANT_history_used_before_it_begins
#define PRIMARY2 isPromoted
#else
#define PRIMARY2 hasBegun
#endif
bit flushed; /* the first primary has flushed another commit, and does not show it yet */
#define FLUSHED(db) (db == 1 -> flushed : 0)

/* Commits, and what a read shows, by one number: the second history is above the first. */
#define NUMBER(h, n) (4 * ((h) - 1) + (n))
#define LATEST 8
#define COMMIT_OF(h, n) ((h) == 2 && n > fork -> 4 + n : n)
#define COMMIT(db, n) COMMIT_OF(history[db], n)
#define HAS_ROW(db, n) (rows[db] & BIT(n))
byte owed[LATEST]; /* the namespace that is owed the news */
byte writer[LATEST];
#define WAITS 1  /* for the commit to be known */
#define DELETES 2 /* told; a later commit is to delete the row */
#define OVER 3
byte age[LATEST];
#define DUE 1 /* for the relay */
#define OLD 2 /* 500 ms: the waits for it are over, or it is told */

/* Redis. The masters' identities (run id and replication id): 1 and 3 are R1's, 2 is R2's. 0: no master. */
byte identity[3];
#define SERVER(k) (of_redis[k] == 2 -> 2 : 1)
#define WRITABLE(k) (identity[SERVER(k)] != 0)
#ifdef MUTANT_run_id_only
#define INTACT(k) WRITABLE(k)
#else
#define INTACT(k) (identity[SERVER(k)] == of_redis[k])
#endif

/* Namespaces, in the order in which they were switched on. */
byte namespaces = 1;
byte of_history[NAMESPACES + 1], of_redis[NAMESPACES + 1], mark[NAMESPACES + 1];

/* Trust of any reader, in each namespace, and what may still lead to it: the rounds that are under way. Each rests on the
   query of a round; `before[c]` are those whose query was before commit c was due. */
byte trust;
#define ROUND(r) BIT((r) - 1)
#define TRUST(k) BIT((k) + 1)
byte before[LATEST];
#define TRUSTED(k) ((trust & TRUST(k)) != 0)
byte round_of[3]; /* the namespace that the round of a relay found to count */
byte session[3]; /* the relay whose session holds the lock, of each database */

/* What a read that starts now must not miss, in each history; without SPLIT, in both together. */
byte floor[3] = 1;
#ifdef SPLIT
#define JUDGED(h) (h)
#else
#define JUDGED(h) 1
#endif
#define SEEN(h, n) raise(floor[JUDGED(h)], NUMBER(h, n))

#define FORGET(m) before[2] = before[2] & ~(m); before[3] = before[3] & ~(m); \
    before[6] = before[6] & ~(m); before[7] = before[7] & ~(m)
inline end_trust(rests) { trust = trust & ~(rests); FORGET(rests) }

/* Trust in k rests on the round of relay r from now on, unless what it rests on is later. */
#define INHERIT(c) before[c] = (before[c] & ROUND(r) \
    -> (!TRUSTED(k) || (before[c] & TRUST(k)) -> before[c] | TRUST(k) : before[c]) : before[c] & ~TRUST(k))
inline begin_trust() {
    INHERIT(2); INHERIT(3); INHERIT(6); INHERIT(7); trust = trust | TRUST(k);
#ifdef MUTANT_trust_while_the_primary_is_out_of_reach
    once = once | TRUST(k)
#endif
}
#ifdef MUTANT_trust_while_the_primary_is_out_of_reach
byte once;
#endif

inline be_old(old) { age[old] = OLD; before[old] = 0 }

/* Raise the mark of a namespace for a commit and its position. One that counts no more is trusted no more, and stays as it is. */
inline tell(space, entry, height) {
    if
    :: space == counts[1] || space == counts[2] || TRUSTED(space) -> raise(mark[space], height)
    :: else
    fi;
    if
    :: owed[entry] == space -> be_old(entry)
    :: else
    fi
}

/* Rows of a snapshot whose history was h, to namespace k. */
inline tell_rows(these, h) {
    if
    :: (these & BIT(2)) && owed[COMMIT_OF(h, 2)] == k -> tell(k, COMMIT_OF(h, 2), 2)
    :: else
    fi;
    if
    :: (these & BIT(3)) && owed[COMMIT_OF(h, 3)] == k -> tell(k, COMMIT_OF(h, 3), 3)
    :: else
    fi
}

/* The script of the beat looks at the identity. */
#ifdef MUTANT_beat_on_any_master
#define MAY_BEAT(k) WRITABLE(k)
#else
#define MAY_BEAT(k) INTACT(k)
#endif

/* A round: the query; and then the rest of it. Its beat is acknowledged at some later moment, if at all. */
#define IS_DUE(db, n) (HAS_ROW(db, n) && age[COMMIT(db, n)] != 0 -> BIT(n) : 0)
#ifdef MUTANT_row_of_cache_not_looked_at
#define COUNTING(db) max(counts[db], 1)
#else
#define COUNTING(db) counts[db]
#endif
inline query(database) {
    db = database; k = COUNTING(db); due = IS_DUE(db, 2) | IS_DUE(db, 3);
    FORGET(ROUND(r)); trust = trust | ROUND(r); round_of[r] = k; session[db] = r
}

proctype Relay(byte r) {
    byte db, k, due;
    do
    :: atomic {
        if
        :: d_step { PRIMARY1 && COUNTING(1) && WRITABLE(COUNTING(1)) -> query(1) }
#ifdef PROMOTION
        :: d_step { PRIMARY2 && COUNTING(2) && WRITABLE(COUNTING(2)) -> query(2) }
#endif
        fi };
#ifdef MUTANT_row_deleted_before_told
        d_step { true -> rows[db] = rows[db] & ~due };
#endif
        atomic {
        if
        :: d_step { WRITABLE(k) ->
#ifndef MUTANT_beat_before_told
            tell_rows(due, history[db]);
#endif
            if
            :: MAY_BEAT(k) && (trust & ROUND(r)) -> begin_trust(); REACHED("trust")
            :: else -> REACHED("round_without_trust")
            fi };
            if
#ifndef MUTANT_row_deleted_before_told
            :: d_step { due && session[db] == r -> rows[db] = rows[db] & ~due; REACHED("relay_deletes") }
#endif
#ifdef MUTANT_relay_deletes_by_position
            :: d_step { due && hasBegun -> rows[2] = rows[2] & ~due }
#endif
            :: true
            fi
#ifdef MUTANT_rows_of_others_told
        :: d_step { k > 1 && session[db] == r -> mark[1] = position[db]; rows[db] = rows[db] & ~due }
#endif
        :: true /* it dies, or Redis does not answer */
        fi;
        d_step { end_trust(ROUND(r)); round_of[r] = 0; db = 0; k = 0; due = 0 } }
    od
}

/* Switching; only in a session that holds the relay's lock, a second after its last beat or its election. */
inline end_trust_in(gone) {
    end_trust(TRUST(gone));
    if
    :: round_of[1] == gone -> end_trust(ROUND(1))
    :: else
    fi;
    if
    :: round_of[2] == gone -> end_trust(ROUND(2))
    :: else
    fi
}
inline switch_off(primary) {
#ifndef MUTANT_off_without_waiting
    end_trust_in(counts[primary]);
#endif
    counts[primary] = 0; rows[primary] = 0; session[primary] = 0
}
/* Another generation each time, so another namespace. */
#ifdef MUTANT_on_with_the_same_generation
#define SAME 1
#define IS_SAME(primary, redis) (of_redis[1] == identity[redis] && of_history[1] == history[primary])
#elif defined(MUTANT_namespace_without_history)
byte generation[3] = 1;
#define SAME 2
#define IS_SAME(primary, redis) (namespaces >= 2 && of_redis[2] == identity[redis] && generation[primary] == 1)
#else
#define SAME 0
#define IS_SAME(primary, redis) 0
#endif
inline switch_on(primary, redis) {
    if
    :: IS_SAME(primary, redis) -> counts[primary] = SAME
    :: !IS_SAME(primary, redis) && namespaces < NAMESPACES ->
        namespaces++; of_history[namespaces] = history[primary]; of_redis[namespaces] = identity[redis];
        mark[namespaces] = position[primary]; counts[primary] = namespaces
    :: else
    fi;
#ifdef MUTANT_namespace_without_history
    generation[primary] = (generation[primary] < 3 -> generation[primary] + 1 : 3);
#endif
    session[primary] = 0
}
#define READING_ROW flushed /* a transaction shares lock L to its end */

proctype Switch() {
    do
    :: d_step { PRIMARY1 && counts[1] && !READING_ROW -> switch_off(1) }
    :: d_step { PRIMARY1 && !counts[1] && !READING_ROW && identity[1] -> switch_on(1, 1) }
    :: d_step { PRIMARY1 && !counts[1] && !READING_ROW && identity[2] -> switch_on(1, 2) }
#ifdef PROMOTION
    :: d_step { PRIMARY2 && counts[2] -> switch_off(2) }
    :: d_step { PRIMARY2 && !counts[2] && identity[1] -> switch_on(2, 1) }
    :: d_step { PRIMARY2 && !counts[2] && identity[2] -> switch_on(2, 2) }
#endif
    od
}

/* Writers. Each commit has one; it tells, or waits, at any later moment or never. */
#ifdef MUTANT_row_of_cache_read_without_lock
byte readBefore = 1;
#define NAMESPACE(primary) readBefore
#else
#define NAMESPACE(primary) counts[primary]
#endif
inline commit(primary) {
    n = position[primary] + 1; position[primary] = n; c = NUMBER(history[primary], n); owed[c] = NAMESPACE(primary);
    if
#ifdef MUTANT_cacheless_writer_leaves_no_row
    :: writer[c] = OVER; age[c] = OLD; SEEN(history[primary], n)
#endif
    :: owed[c] -> rows[primary] = rows[primary] | BIT(n); writer[c] = WAITS
    :: !owed[c] -> writer[c] = OVER; age[c] = OLD; SEEN(history[primary], n); REACHED("commit_while_off")
    fi;
    n = 0; c = 0
}
inline acknowledge(next) { SEEN((c > 4 -> 2 : 1), n); writer[c] = next }

proctype Writers() {
    byte n, c;
    do
#ifndef AHEAD
    :: atomic { PRIMARY1 && position[1] < LAST1 -> commit(1) }
#else
    :: atomic { PRIMARY1 && flushed -> flushed = 0; commit(1) }
#endif
#ifdef PROMOTION
    :: atomic { PRIMARY2 && position[2] < LAST2 -> commit(2) }
#endif
#ifdef MUTANT_row_of_cache_read_without_lock
    :: atomic { readBefore != counts[1] -> readBefore = counts[1] }
#endif
    :: atomic {
        if
        :: c = 2; n = 2
#if LAST1 > 2
        :: c = 3; n = 3
#endif
#ifdef PROMOTION
        :: c = NUMBER(2, 2); n = 2
#if LAST2 > 2
        :: c = NUMBER(2, 3); n = 3
#endif
#endif
        fi;
        if
        :: writer[c] && age[c] == 0 -> age[c] = DUE; before[c] = trust
        :: age[c] == DUE -> /* 500 ms after the commit, so 400 ms after it was due */
#ifndef MUTANT_no_longer_wait_than_trust
            end_trust(before[c]);
#endif
            be_old(c)
        :: writer[c] == WAITS ->
            if
            :: WRITABLE(owed[c]) -> tell(owed[c], c, n); acknowledge(DELETES); REACHED("told_by_writer")
#ifdef MUTANT_told_where_it_counts_no_more
            :: mark[1] < n && owed[c] != 1 -> raise(mark[1], n); acknowledge(OVER)
#endif
            :: age[c] == OLD -> acknowledge(OVER); REACHED("waited")
#ifdef MUTANT_acknowledged_at_once
            :: true -> acknowledge(OVER)
#endif
#ifdef MUTANT_untold_row_deleted
            :: PRIMARY1 && c < 4 -> rows[1] = rows[1] & ~BIT(n); acknowledge(OVER)
#endif
            :: PRIMARY1 && c < 4 && !HAS_ROW(1, n) -> acknowledge(OVER); REACHED("row_gone")
#ifdef PROMOTION
            :: PRIMARY2 && c > 4 && !HAS_ROW(2, n) -> acknowledge(OVER)
#ifdef MUTANT_row_gone_in_another_history
            :: PRIMARY2 && c < 4 && !HAS_ROW(2, n) -> acknowledge(OVER)
#endif
#endif
            fi
        :: writer[c] == DELETES ->
            if
            :: PRIMARY1 && c < 4 -> rows[1] = rows[1] & ~BIT(n); writer[c] = OVER
#ifdef PROMOTION
            :: PRIMARY2 -> writer[c] = OVER;
                if
#ifdef MUTANT_writer_deletes_by_position
                :: true -> rows[2] = rows[2] & ~BIT(n)
#else
                :: COMMIT(2, n) == c -> rows[2] = rows[2] & ~BIT(n)
                :: else -> REACHED("row_of_another_history_kept")
#endif
                fi
#endif
            fi
        fi;
        n = 0; c = 0 }
    od
}

/* A read shows position n of history h, as of what history `contents` holds there. */
inline serve(claimed, shown, contents) {
    assert(NUMBER(claimed, shown) >= (JUDGED(claimed) == 1 -> need : need2));  /* not older than promised */
    assert(shown <= position[claimed] + FLUSHED(claimed)); /* nothing that was never committed, */
    assert(contents == claimed || shown <= fork);                        /* or only in another history */
    SEEN(claimed, shown)
}

/* What the flight of the readers' process brings, as long as it is under way. */
byte flight_history, flight_position;
#ifdef MUTANT_flight_across_histories
#define MAY_JOIN (flight_position && flight_position >= n)
#else
#define MAY_JOIN (flight_history == h && flight_position >= n)
#endif

/* A snapshot of a database: position, history, and the rows that are owed to the namespace that counts in it. */
#ifdef MUTANT_shown_before_told
#define MAY_SHOW 1
#else
#define MAY_SHOW (untold == 0)
#endif
#define UNTOLD(db, n) (HAS_ROW(db, n) && owed[COMMIT(db, n)] == counts[db] -> BIT(n) : 0)
inline take_snapshot(db) {
    n = position[db]; h = history[db]; k = counts[db]; untold = (k -> UNTOLD(db, 2) | UNTOLD(db, 3) : 0)
}
inline show_or_tell() {
    if
    :: MAY_SHOW -> serve(h, n, h); need = 0; need2 = 0; k = 0; n = 0; h = 0; untold = 0
    :: else -> flight_history = h; flight_position = n
    fi
}
inline read(db) { take_snapshot(db); show_or_tell() }
#define IS_OLD(n) (!(untold & BIT(n)) || age[COMMIT_OF(h, n)] == OLD)

#ifdef MUTANT_trust_per_process
#define MAY_TRUST(k) (trust & (TRUST(1) | TRUST(2) | TRUST(3)))
#elif defined(MUTANT_trust_while_the_primary_is_out_of_reach)
#define MAY_TRUST(k) (once & TRUST(k))
#else
#define MAY_TRUST(k) TRUSTED(k)
#endif

/* A look into the cache. Only a master answers WAIT. It may have been a replica meanwhile, and its marks another's; but not
   for less than 400 ms, and no beat of the namespace came after: so there is still trust when the answer is here. */
#ifdef MUTANT_replica_answers_looks
#define ANSWERS(k) true
#else
#define ANSWERS(k) WRITABLE(k)
#endif
#ifdef MUTANT_trust_not_looked_at_again
#define STILL_TRUSTS(k) true
#else
#define STILL_TRUSTS(k) MAY_TRUST(k)
#endif

/* Whether a database shows position n of history h. */
#define SHOWS(db, n, h) (history[db] == h && position[db] >= n)
/* Whether what the replica shows is sure to be shown by the primary: the marks include it, or the primary is asked. */
#ifdef MUTANT_replica_ahead_of_primary
#define IS_SHOWN true
#else
#define IS_SHOWN (k && position[0] <= n)
#endif
#define IS_VISIBLE ((PRIMARY1 && SHOWS(1, n, h)) || (PRIMARY2 && SHOWS(2, n, h)))
#ifdef MUTANT_replica_of_any_history
#define IS_ENOUGH (position[0] >= n)
#else
#define IS_ENOUGH SHOWS(0, n, h)
#endif
/* What a look in another history required is nothing. */
#ifdef MUTANT_requirement_across_histories
#define IS_REFUSED(db) (position[db] < n)
#else
#define IS_REFUSED(db) (history[db] == h && position[db] < n)
#endif

inline start() { need = floor[1]; need2 = floor[JUDGED(2)] }
inline start_look(namespace) { k = namespace; start() }
#ifdef MUTANT_uncached_reads_any_replica
#define REPLAYED(primary) 1
#else
#define REPLAYED(primary) position[primary] + FLUSHED(primary)
#endif
inline start_past_the_cache(primary) { h = history[primary]; n = REPLAYED(primary); start() }

#ifdef MUTANT_filled_where_it_counts_now
byte filled; /* the document in the second history's namespace, read in the first one */
#endif

proctype Reader() {
    byte need, need2, k, n, h, untold;
idle:
    if
    /* The primary is read. */
    :: atomic { PRIMARY1 -> d_step { start(); read(1) } goto found }
#ifdef PROMOTION
    :: atomic { PRIMARY2 -> d_step { start(); read(2) } goto found }
#endif
    /* A replica will be that has what the primary has flushed. */
#ifdef REPLICA
    :: atomic { PRIMARY1 -> d_step { start_past_the_cache(1) } goto missed }
#ifdef PROMOTION
    :: atomic { PRIMARY2 -> d_step { start_past_the_cache(2) } goto missed }
#endif
#endif
    /* The cache is, if it is trusted. */
    :: d_step { MAY_TRUST(1) -> start_look(1) }
#if NAMESPACES > 1
    :: d_step { MAY_TRUST(2) -> start_look(2) }
#endif
#if NAMESPACES > 2
    :: d_step { MAY_TRUST(3) -> start_look(3) }
#endif
#ifdef MUTANT_trust_looked_at_after_the_marks
    :: d_step { true -> start_look(1) }
#endif
    fi;

    if
    :: d_step { ANSWERS(k) -> h = of_history[k]; n = mark[k] } /* the marks */
    :: atomic { true -> goto over }
    fi;

    if
    :: atomic { STILL_TRUSTS(k) -> /* a hit: at worst as old as the mark */
        d_step { serve(h, n, h); REACHED("hit") } goto over }
    :: atomic { STILL_TRUSTS(k) -> goto missed }
    :: atomic { true -> goto over }
#ifdef MUTANT_filled_where_it_counts_now
    :: atomic { STILL_TRUSTS(k) && h == 2 && filled && filled >= n -> d_step { serve(2, filled, 1) } goto over }
#endif
    fi;

missed: /* n of history h is required */
    if
    :: atomic { k && MAY_JOIN -> /* it is served when the flight is */
        assert(NUMBER(flight_history, flight_position) >= (JUDGED(flight_history) == 1 -> need : need2));
        REACHED("joined"); goto over }
#ifdef REPLICA
    :: d_step { IS_ENOUGH && IS_SHOWN -> REACHED("replica"); read(0) }
    :: atomic { IS_ENOUGH && !IS_SHOWN -> d_step { take_snapshot(0) } goto asking }
#endif
    :: d_step { PRIMARY1 && k -> assert(!IS_REFUSED(1)); read(1) }
#ifdef PROMOTION
    :: d_step { PRIMARY2 && k -> assert(!IS_REFUSED(2)); read(2) }
#endif
    :: atomic { true -> goto over }
    fi;
#ifdef REPLICA
    goto found;

asking:
    if
    :: d_step { IS_VISIBLE -> REACHED("replica_not_ahead"); show_or_tell() }
    :: atomic { true -> untold = 0; goto over } /* the primary will be read */
    fi;
#endif

found: /* n of history h, with untold rows if it is not served yet */
    if
    :: atomic { !untold -> goto idle }
    :: d_step { untold && WRITABLE(k) -> tell_rows(untold, h); serve(h, n, h); REACHED("told_by_reader") }
    :: d_step { untold && PRIMARY1 && h == 1 && !(rows[1] & untold) -> serve(h, n, h); REACHED("rows_gone") }
#ifdef PROMOTION
    :: d_step { untold && PRIMARY2 && h == 2 && !(rows[2] & untold) -> serve(h, n, h) }
#endif
    :: d_step { untold && IS_OLD(2) && IS_OLD(3) -> serve(h, n, h); REACHED("reader_waited") }
    :: untold /* it gives up */
#ifdef MUTANT_filled_where_it_counts_now
    :: d_step { untold && h == 1 && hasBegun && counts[2] -> filled = n }
#endif
    fi;
over:
    atomic {
    if
    :: untold -> flight_history = 0; flight_position = 0
    :: else
    fi;
    need = 0; need2 = 0; k = 0; n = 0; h = 0; untold = 0; goto idle }
}

inline replicate(from, to) {
#ifdef MUTANT_namespace_without_history
    generation[to] = generation[from];
#endif
    position[to] = position[from] + FLUSHED(from); history[to] = history[from]; counts[to] = counts[from];
    rows[to] = rows[from] | (from == 1 && flushed && owed[position[1] + 1] -> BIT(position[1] + 1) : 0)
}
#define DIFFERS(a, b) (position[a] + FLUSHED(a) != position[b] || history[a] != history[b] \
    || rows[a] != rows[b] || counts[a] != counts[b])
/* R2's copy may be as old as the namespace. */
inline go_back(k) { mark[k] = (SERVER(k) == 1 -> 1 : mark[k]) }
/* Demotion, synchronisation and promotion took 400 ms: who trusted before does so no more. */
inline end_trust_of(k) {
    if
    :: SERVER(k) == 1 -> end_trust(TRUST(k))
    :: else
    fi
}

proctype World() {
    do
#ifdef REPLICA
    :: d_step { isAlive && DIFFERS(1, 0) -> replicate(1, 0) }
#ifdef PROMOTION
    :: d_step { isPromoted && DIFFERS(2, 0) -> replicate(2, 0) }
#endif
#endif
#ifdef AHEAD
    :: d_step { isAlive && !flushed && position[1] < LAST1 -> flushed = 1; owed[position[1] + 1] = counts[1] }
#endif
#ifdef PROMOTION
    :: d_step { !isPromoted && DIFFERS(1, 2) -> replicate(1, 2) }
    :: d_step { !isPromoted -> isPromoted = 1; fork = position[2];
#ifndef SPLIT
        isAlive = 0; session[1] = 0; rows[1] = 0; flushed = 0
#endif
        }
    :: d_step { isPromoted && !hasBegun ->
#if !defined(MUTANT_history_begins_at_once) && !defined(SPLIT)
#ifdef MUTANT_history_waits_if_a_cache_counts
        trust = (counts[2] -> 0 : trust);
#else
        end_trust(trust);
#endif
#endif
        hasBegun = 1; history[2] = 2; counts[2] = 0 }
#endif
#ifdef FAILOVER
    :: d_step { identity[1] == 1 && !identity[2] -> identity[2] = 2; REACHED("two_masters") }
    :: d_step { identity[1] == 1 && identity[2] -> identity[1] = 0; go_back(1);
#if NAMESPACES > 1
        go_back(2);
#endif
        }
    :: d_step { !identity[1] -> identity[1] = 3; REACHED("there_and_back");
#ifndef MUTANT_there_and_back_at_once
        end_trust_of(1);
#if NAMESPACES > 1
        end_trust_of(2)
#endif
#endif
        }
#endif
    :: false
    od
}

init {
    atomic {
        of_history[1] = 1; of_redis[1] = 1; mark[1] = 1; identity[1] = 1; floor[2] = NUMBER(2, 1) * (JUDGED(2) - 1);
        byte i;
        for (i : 1 .. READERS) { run Reader() }
        for (i : 1 .. RELAYS) { run Relay(i) }
        run Writers(); run World();
#if NAMESPACES > 1
        run Switch()
#endif
    }
}
