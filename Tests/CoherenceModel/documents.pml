/* Documents and marks within one namespace that counts and is trusted: claims, fills, evictions, flights, levels with
   compaction, what clients ask for beyond the marks, and who tells of a commit before it is shown; over every interleaving.

   Bounds: one store, one or two documents, 2 to 4 positions, 2 or 3 readers, one flight at a time and one who waits for it.
   Reads, evictions, claims and messages are not counted: only the commits are. Positions begin at 1 (the new store), so 0
   says "absent" everywhere.

   Steps that Redis runs as one script, or a database as one statement, are one atomic step; between two steps of a process
   anything may happen, for any length of time. So 2 s of a claim, 50 ms of a timeout and an expiry are "now, later or never".
   Where the start of a read or an acknowledgement could fall on several moments, the model takes the one that demands the
   most. Writers and the relay are one process that tells of any commit, of many or again, at any time, in any order; a
   writer that waits is one that is told of by another one. The replica lags by any number of commits.

   -DLEVEL        the document is one product's level: some commits do not change it, and base and the product's field are used
   -DPAGE         likewise, and others read the whole store, which shows the product too; no flights
   -DPOSITIONS=n  commits reach position n;  -DREADERS=n
   -DMINIMUM      clients ask for positions (min_position), also for such as are not reached yet
   -DMUTANT_x     one mistake, which must be caught;  -DVARIANT_x  a simplification, which must hold: see README.md */

#ifdef PAGE
#define LEVEL
#endif
#ifndef POSITIONS
#define POSITIONS 3
#endif
#ifndef READERS
#define READERS 2
#endif
#define REACHED(what) c_code { static int once; if (!once) { once = 1; printf("reached %s\n", what); } }

#define max(a, b) ((a) > (b) -> (a) : (b))
#define raise(x, n) x = max(x, n)
#define BIT(n) (1 << (n))

/* The databases: the position, and bits of positions: the commits that nobody has told of, whose rows are in the outbox, and
   those that change the document. */
byte position = 1, untold, replica = 1, changes = BIT(1);
#define HIGHEST(m) ((m) & 16 -> 4 : ((m) & 8 -> 3 : ((m) & 4 -> 2 : ((m) & 2 -> 1 : 0))))
#define UP_TO(n) ((1 << ((n) + 1)) - 1)

/* Redis: the mark's hash (claim, base, *, the product's field) and the document's stamp. */
byte claim, base, star, field, document;
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

/* What a read that starts now must not miss: the last change that was told (and so perhaps acknowledged) or shown. */
byte floor = 1;

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
#define IS_FRESH 1
#else
#define IS_FRESH (document >= required)
#endif

#ifdef MUTANT_claim_reads_replica
#define AUTHORITY read_replica()
#else
#define AUTHORITY read_primary()
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

#ifdef MUTANT_nonce_of_process
#define NONCE 1
#else
#define NONCE id
#endif

/* Script `advance`: n is the highest position that is told, t the highest one of them that changed the product (or 0). */
#ifdef LEVEL
#define RAISE_FIELD(t) raise(field, t)
#else
#define RAISE_FIELD(t) skip
#endif
inline advance(n, t) {
    if
#ifdef MUTANT_advance_makes_mark
    :: true -> raise(star, n); raise(base, 1); RAISE_FIELD(t)
#elif defined(MUTANT_advance_skips_claimed)
    :: base -> raise(star, n); RAISE_FIELD(t)
#else
    :: base -> raise(star, n); RAISE_FIELD(t)
    :: !base && EXISTS -> raise(star, n);
#ifndef VARIANT_base_is_star
        RAISE_FIELD(t)
#endif
#endif
    :: else
    fi
}

/* By whoever does it, at any time, again too. From then on it must be seen: perhaps it was acknowledged. */
inline tell(them) {
    advance(HIGHEST(them), HIGHEST((them) & changes));
    raise(floor, HIGHEST((them) & changes))
}

/* Script `claim`. */
inline take_claim() {
    if
    :: !KNOWN && !claim -> claim = NONCE; isOwn = 1
    :: !KNOWN && claim -> claim = NONCE; isOwn = 1; REACHED("claim_replaced") /* it is older than 2 s */
    :: true -> isOwn = 0 /* known meanwhile, somebody else's, or Redis did not answer */
    fi;
    if
    :: isOwn && document -> REACHED("document_outlives_mark")
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

#ifdef PAGE
#define STORE document = (isPage -> document : stamp)
#else
#define STORE document = stamp
#endif
/* Script `fill`. */
inline fill() {
    if
    :: base ->
        if
        :: stamp >= (isPage -> star : MARK) -> STORE; REACHED("filled_known")
        :: else
        fi
#ifdef MUTANT_fill_makes_mark
    :: !base ->
#else
    :: !base && isOwn && claim == NONCE ->
#endif
        if
        :: star > stamp -> REACHED("filled_raised")
        :: else -> REACHED("filled_claimed")
        fi;
        establish();
        if
        :: stamp >= star -> STORE
        :: else
        fi
    :: else ->
        if
        :: isOwn -> REACHED("claim_lost")
        :: else
        fi
#ifdef VARIANT_fill_unchecked
        ; STORE
#endif
    fi
}

#ifdef PAGE
#define MAY_LEAD false
#else
#define MAY_LEAD !leader
#endif
inline lead() {
    if
    :: MAY_LEAD -> leader = id; leads = 1; late = known
    :: true
    fi
}

inline read_primary() { stamp = position; late = (leads -> 1 : late) }
inline read_replica() { stamp = replica }

/* A snapshot brings the rows of the outbox: it is shown, shared and filled when those commits are told of. The reader tells by
   itself, or waits; either way it goes on as soon as it is done, by whomever. */
#ifdef MUTANT_shown_before_told
#define MAY_SHOW true
#else
#define MAY_SHOW !(untold & CONCERNS & UP_TO(stamp) & ~UP_TO(required))
#endif
#ifdef PAGE
#define CONCERNS (isPage -> 255 : changes)
#elif defined(LEVEL)
#define CONCERNS changes
#else
#define CONCERNS 255
#endif
/* Up to where the marks know all that concerns the document. Two writers are told in any order: so this is not `*`. */
#ifdef MUTANT_star_knows_all_before_it
#define TOLD required
#elif defined(PAGE)
#define TOLD (isPage -> base : required)
#elif defined(LEVEL)
#define TOLD required
#else
#define TOLD 1
#endif

#define SHOWN HIGHEST(changes & UP_TO(stamp))
inline serve() {
    assert(stamp >= need && stamp >= least); /* not older than promised, nor than asked for */
    assert(stamp <= position);               /* nothing that was never committed */
    raise(floor, SHOWN); need = 0
}

proctype Reader(byte id) {
    byte need, required, least, stamp;
    bit known, isOwn, leads, isPage;
idle:
    atomic { /* It reads the mark. */
    need = floor; known = (KNOWN != 0); required = (known -> MARK : 0);
    if
#ifdef PAGE
    :: isPage = 1; required = (known -> star : 0)
#endif
#ifdef MINIMUM
    :: least = position
    :: least = position + 1
#endif
    :: true
    fi;
#ifdef MUTANT_minimum_leads
    raise(required, least);
#endif
    }

    /* The document, later in the same pipeline. On a miss, it joins a flight, leads one, or is alone in its process. */
    if
    :: atomic { known && !isPage && document && IS_FRESH && document >= least -> /* a hit */
        stamp = document;
        if
        :: stamp < HIGHEST(changes) -> REACHED("stale_hit")
        :: else -> REACHED("hit")
        fi;
        serve(); goto over }
    :: atomic { leader && !waiting && MAY_JOIN -> waiting = 1 };
        atomic { landing ? stamp ->
        if
        :: !stamp -> assert(least); goto over /* who asks for nothing that is not there is refused nothing */
        :: stamp && IS_ENOUGH && stamp >= least -> serve();
            if
            :: known -> REACHED("joined_known")
            :: else -> REACHED("joined_unknown")
            fi;
            goto over
        :: stamp && IS_ENOUGH && stamp < least -> REACHED("joined_too_old"); goto alone
        :: else -> goto over /* it starts over */
        fi }
    :: atomic { known -> lead();
        if
        :: replica >= required -> read_replica(); REACHED("replica_read")
        :: read_primary(); /* below required, or no replica */
            if
            :: replica < required -> REACHED("replica_behind")
            :: else
            fi
        fi;
#ifdef MUTANT_minimum_leads
        if
        :: stamp < required -> stamp = 0
        :: else
        fi;
#endif
        required = TOLD; known = 0 }
    :: atomic { !known -> lead(); required = 0;
#ifdef MUTANT_read_before_claim
        read_primary() };
        atomic { take_claim() }
#else
        take_claim() };
        atomic { AUTHORITY }
#endif
    fi;

#ifdef MUTANT_joined_before_told
    atomic {
    if
    :: leads && waiting -> leads = 0; leader = 0; late = 0; waiting = 0; landing ! stamp
    :: else
    fi };
#endif
#ifdef MUTANT_filled_before_told
    atomic { fill() };
#endif
    atomic { MAY_SHOW ->
    if
    :: stamp && stamp >= least -> serve()
    :: stamp && stamp < least /* others are served, it looks further by itself */
    :: !stamp -> assert(least)
    fi;
    if
    :: leads -> leads = 0; leader = 0; late = 0;
        if
        :: waiting -> waiting = 0; landing ! stamp
        :: else
        fi
    :: else
    fi;
    if
    :: !stamp -> goto over
    :: stamp && need -> goto alone
    :: else
    fi };
    atomic {
    if
    :: fill()
    :: true /* it dies, or Redis does not answer */
    fi;
    goto over };

alone: /* What a client asks for beyond the marks: of the primary, for this caller alone. */
    atomic { stamp = 0; required = 0; known = 0; isOwn = 0; read_primary();
    if
    :: stamp >= least
    :: else -> REACHED("refused"); goto over
    fi };
    atomic { MAY_SHOW -> serve() };
over:
    atomic { need = 0; required = 0; least = 0; stamp = 0; known = 0; isOwn = 0; isPage = 0; goto idle }
}

/* Commits, and what is done about them: by their writers, late or never, and by the relay. */
proctype World() {
    byte n;
    do
    :: atomic { position < POSITIONS -> /* COMMIT */
        position++; untold = untold | BIT(position);
        if
#ifdef LEVEL
        :: true
#endif
        :: changes = changes | BIT(position)
        fi;
#ifdef MUTANT_acknowledged_before_told
        raise(floor, HIGHEST(changes))
#endif
        }
    :: atomic { position > 1 -> /* a writer, the relay or a reader tells of one, or tells again, late */
        if
        :: n = 2
        :: position > 2 -> n = 3
        :: position > 3 -> n = 4
        fi;
        tell(BIT(n)); untold = untold & ~BIT(n); n = 0 }
    :: atomic { untold -> tell(untold); untold = 0 } /* of all that are due */
#ifdef MUTANT_row_deleted_untold
    :: atomic { untold -> untold = 0 }
#endif
    :: atomic { replica != position -> replica = position }
    :: atomic { base || claim || star || document ->
        if
        :: base = 0; star = 0; field = 0;
#ifndef MUTANT_claim_outside_hash
            claim = 0
#endif
        :: document = 0
        :: base = 0; star = 0; field = 0; claim = 0; document = 0 /* FLUSHALL */
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
        run World()
    }
}
