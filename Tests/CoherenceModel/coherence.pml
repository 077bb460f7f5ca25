/* Khata's cache coherence protocol, for one store and one document, over every interleaving.

   Positions begin at 1 (the new store), so 0 says "absent" everywhere. Reads, evictions, claims and the relay's
   rounds are not counted: only the commits are. Steps that Redis runs as one script, or a database as one statement, are
   one atomic step; between two steps of a process anything may happen, for any length of time. So 2 s of a claim and
   50 ms of a timeout are simply "now or later". Where the start of a read or an acknowledgement could fall on several
   moments, the model takes the one that demands the most.

   -DLEVEL        the document is one product's level: some commits do not change it, and base/product field are used
   -DPOSITIONS=n  commits reach position n;  -DREADERS=n;  -DRELAYS=n
   -DNO_MIN       clients send no min_position, so that a mutant is not caught by it alone
   -DMUTANT_x     one mistake, which must be caught;  -DVARIANT_x  a simplification, which must hold
   -DREACH=R_x    R_x must be reachable: the assertion there must fail */

#ifndef POSITIONS
#define POSITIONS 3
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef RELAYS
#define RELAYS 1
#endif
#ifndef REACH
#define REACH 0
#endif
#define R_hit 1
#define R_stale_hit 2
#define R_fill_known 3
#define R_fill_claimed 4
#define R_fill_raised 5
#define R_claim_lost 6
#define R_claim_replaced 7
#define R_replica_behind 8
#define R_replica_read 9
#define R_joined_unknown 10
#define R_joined_known 11
#define R_document_outlives_mark 12
#define R_certified 13
#define REACHED(x) assert(REACH != x)

#define max(a, b) ((a) > (b) -> (a) : (b))
#define raise(x, n) x = max(x, n)

/* The databases. `changed`: the last position that changed the document's contents. */
byte pos = 1, changed = 1, replica = 1;
byte outbox;   /* bit n: the row of position n */
byte touching; /* bit n: position n changed the document's contents */

/* Redis: the mark's hash (claim, base, *, the product's field) and the document's stamp. */
byte claim, base, star, field, doc;
#define EXISTS (base || claim)
#ifdef MUTANT_compaction_of_a_claimed_mark
#define COMPACTS (star > base)
#else
#define COMPACTS (base && star > base) /* never a claimed mark: base would make it known */
#endif
#ifdef MUTANT_compaction_leaves_base
#define COMPACTED_BASE skip
#else
#define COMPACTED_BASE base = star
#endif

/* What a read that starts now must see: what was acknowledged after an `advance`, or advanced by the relay; and what
   was committed when the observation was made on which trust in the cache rests. */
byte floor = 1, certified = 1;

/* The watch of the beat: what was committed at the observation, whose beat it was, beats of the same relay since. */
byte observed, watched, beats;

/* The flight of a process: its leader; it is `late` once the snapshot of the primary is taken, or if it will come from
   the replica; somebody waits. */
byte leader;
bit late, waiting;
chan landing = [0] of { byte };

#ifndef LEVEL
#define MARK star
#elif defined(MUTANT_level_ignores_base)
#define MARK field
#else
#define MARK max(base, field)
#endif

#ifdef MUTANT_claimed_mark_is_known
#define KNOWN (base || star)
#else
#define KNOWN base
#endif

#ifdef MUTANT_hit_ignores_stamp
#define FRESH 1
#else
#define FRESH (doc >= required)
#endif

#ifdef MUTANT_claim_reads_replica
#define AUTHORITY replica
#else
#define AUTHORITY pos
#endif

/* Whose required is unknown joins before the snapshot of the primary, or not at all. */
#ifdef MUTANT_join_with_unknown_mark
#define MAY_JOIN 1
#else
#define MAY_JOIN (known || !late)
#endif
#ifdef MUTANT_join_any_flight
#define IS_ENOUGH 1
#else
#define IS_ENOUGH (stamp >= required)
#endif

#ifdef MUTANT_distrust_reads_replica
#define UNCACHED replica
#else
#define UNCACHED pos
#endif

#ifdef MUTANT_nonce_of_process
#define NONCE 1
#else
#define NONCE id
#endif

#ifdef MUTANT_one_beat
#define BEATS 1
#else
#define BEATS 2
#endif

/* Script `advance`: n is the position, t the last one of those advanced that changed the product (0: none did). */
inline advance(n, t) {
    if
#ifdef MUTANT_advance_makes_mark
    :: true -> raise(star, n); raise(base, 1); raise(field, t)
#elif defined(MUTANT_advance_skips_claimed)
    :: base -> raise(star, n); raise(field, t)
#else
    :: base -> raise(star, n); raise(field, t)
    :: !base && EXISTS -> raise(star, n);
#ifndef VARIANT_base_is_star
        raise(field, t)
#endif
#endif
    :: else
    fi
}

/* Script `claim`. */
inline take_claim() {
    if
    :: !KNOWN && !claim -> claim = NONCE; own = 1
    :: !KNOWN && claim -> claim = NONCE; own = 1; REACHED(R_claim_replaced) /* it is older than 2 s */
    :: true -> own = 0 /* known meanwhile, somebody else's, or Redis did not answer */
    fi;
    if
    :: own && doc -> REACHED(R_document_outlives_mark)
    :: else
    fi
}

inline establish() {
#ifdef MUTANT_fill_forgets_advance
    star = stamp;
#else
    raise(star, stamp);
#endif
#ifndef LEVEL
    base = 1; /* its value matters to one product's level only */
#elif defined(VARIANT_base_is_star)
    base = star;
#else
    base = stamp;
#endif
    claim = 0
}

/* Script `fill`. */
inline fill() {
    if
    :: base ->
        if
        :: stamp >= MARK -> doc = stamp; REACHED(R_fill_known)
        :: else
        fi
#ifdef MUTANT_fill_makes_mark
    :: !base ->
#else
    :: !base && own && claim == NONCE ->
#endif
        if
        :: star > stamp -> REACHED(R_fill_raised)
        :: else -> REACHED(R_fill_claimed)
        fi;
        establish();
        if
        :: stamp >= star -> doc = stamp
        :: else
        fi
    :: else ->
        if
        :: own -> REACHED(R_claim_lost)
        :: else
        fi
#ifdef VARIANT_fill_unchecked
        ; doc = stamp
#endif
    fi
}

inline lead() {
    if
    :: !leader -> leader = id; leads = 1; late = known
    :: true
    fi
}

#if RELAYS > 0
#define KEEP_ROW(n) outbox = outbox | (1 << n)
#define DELETE_ROWS(rows) outbox = outbox & ~(rows)
#define TOUCH(n) touching = touching | (1 << n)
#else
#define KEEP_ROW(n) skip
#define DELETE_ROWS(rows) skip
#define TOUCH(n) skip
#endif

inline serve() {
    assert(stamp >= need); /* not older than promised */
    assert(stamp <= pos);  /* nothing that was never committed */
    need = 0
}

proctype Reader(byte id) {
    byte need, required, stamp;
    bit known, own, leads;
idle:
    if
    :: atomic { /* No beat, or Redis does not answer: all that is committed must be seen. */
        need = changed; stamp = UNCACHED; serve(); stamp = 0; goto idle }
    :: atomic { /* The read starts and reads the mark. `required` begins as the client's min_position. */
        need = max(floor, certified);
        if
#ifndef NO_MIN
        :: required = pos; raise(need, pos)
#endif
        :: required = 0
        fi;
        known = (KNOWN != 0);
        if
        :: known -> raise(required, MARK)
        :: else
        fi }
    fi;

    /* The document, later in the same pipeline. On a miss, it joins a flight, leads one, or is alone in its process. */
    if
    :: atomic { known && doc && FRESH -> /* a hit */
        stamp = doc;
        if
        :: doc < changed -> REACHED(R_stale_hit)
        :: else -> REACHED(R_hit)
        fi;
        serve(); goto done }
    :: atomic { leader && !waiting && MAY_JOIN -> waiting = 1 };
        atomic { landing ? stamp;
        if
        :: IS_ENOUGH -> serve();
            if
            :: known -> REACHED(R_joined_known)
            :: else -> REACHED(R_joined_unknown)
            fi
        :: else /* it starts over */
        fi;
        goto done }
    :: atomic { known -> lead();
        if
        :: replica >= required -> stamp = replica; REACHED(R_replica_read)
        :: stamp = pos; /* below required, or no replica */
            if
            :: replica < required -> REACHED(R_replica_behind)
            :: else
            fi
        fi;
        required = 0; known = 0; serve() }
    :: atomic { !known -> lead(); required = 0;
#ifdef MUTANT_read_before_claim
        stamp = pos; late = (leads -> 1 : late); serve() };
        atomic { take_claim() }
#else
        take_claim() };
        atomic { stamp = AUTHORITY; late = (leads -> 1 : late); serve() }
#endif
    fi;

    atomic {
    if
    :: leads -> leads = 0; leader = 0; late = 0;
        if
        :: waiting -> waiting = 0; landing ! stamp
        :: else
        fi
    :: else
    fi;
    if
    :: fill()
    :: true /* it dies, or Redis does not answer */
    fi;
done:
    need = 0; required = 0; stamp = 0; known = 0; own = 0; goto idle }
}

proctype Writer() {
    byte n, t;
    do
    :: atomic { pos < POSITIONS -> /* COMMIT */
        pos++; n = pos; KEEP_ROW(n);
        if
#ifdef LEVEL
        :: t = 0
#endif
        :: t = n; changed = n; TOUCH(n)
        fi;
#ifdef MUTANT_acknowledge_before_advance
        raise(floor, t)
#endif
        };
        if
        :: atomic { true -> advance(n, t); raise(floor, t); /* and acknowledge; the row is deleted soon or late */
            if
            :: DELETE_ROWS(1 << n)
            :: true
            fi;
            n = 0; t = 0 }
        :: atomic { true -> /* it dies, or Redis does not answer */
#ifdef MUTANT_row_deleted_without_advance
            DELETE_ROWS(1 << n);
#endif
            n = 0; t = 0 }
        fi
    :: atomic { pos == POSITIONS -> break }
    od
}

#define HIGHEST(m) ((m) & 32 -> 5 : ((m) & 16 -> 4 : ((m) & 8 -> 3 : ((m) & 4 -> 2 : 0))))

inline beat() {
    if
#ifdef MUTANT_beat_without_nonce
    :: observed ->
#else
    :: observed && watched == id ->
#endif
        beats++;
        if
        :: beats == BEATS ->
            if
            :: observed > certified -> REACHED(R_certified)
            :: else
            fi;
            raise(certified, observed); observed = 0; watched = 0; beats = 0
        :: else
        fi
    :: else
    fi
}

proctype Relay(byte id) {
    byte rows;
    do
    :: atomic { rows = outbox };
#ifdef MUTANT_beat_before_advance
        atomic { beat() };
#endif
#ifdef MUTANT_row_deleted_first
        atomic { DELETE_ROWS(rows) };
#endif
        if
        :: atomic { true ->
            advance(HIGHEST(rows), HIGHEST(rows & touching)); raise(floor, HIGHEST(rows & touching)) };
            atomic { DELETE_ROWS(rows) };
#ifndef MUTANT_beat_before_advance
            atomic { beat() }
#endif
        :: true /* it dies; another one, with a nonce of its own, takes over */;
            atomic {
            if
            :: watched == id -> observed = 0; watched = 0; beats = 0
            :: else
            fi }
        fi;
        rows = 0
    od
}

/* A process looks at the beat of a relay, from time to time. */
proctype Watch() {
    do
    :: atomic { observed = changed; watched = 1; beats = 0 }
#if RELAYS > 1
    :: atomic { observed = changed; watched = 2; beats = 0 }
#endif
    od
}

proctype World() {
    do
    :: atomic { replica < pos -> replica++ }
    :: atomic { base || claim || star || doc ->
        if
        :: base = 0; star = 0; field = 0;
#ifndef MUTANT_claim_outside_hash
            claim = 0
#endif
        :: doc = 0
        :: base = 0; star = 0; field = 0; claim = 0; doc = 0 /* FLUSHALL */
        fi }
#ifdef LEVEL
    :: atomic { COMPACTS -> COMPACTED_BASE; field = 0 }
#endif
    od
}

init {
    atomic {
        byte i;
        for (i : 1 .. READERS) { run Reader(i) }
#if RELAYS > 0
        for (i : 1 .. RELAYS) { run Relay(i) }
        run Watch();
#endif
        run Writer(); run Writer(); run World()
    }
}
