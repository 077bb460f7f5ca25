/* The relay's heartbeat and the clock: what three beats show, and that all waits are longer than trust.

   Bounds: one namespace that counts, a commit whose writer cannot tell of it, a relay or two that may lose the lock, stop or
   die at any step, for each the beat whose outcome it does not know last, one reader that watches. Rounds and beats are not
   counted.

   A tick is 50 ms; between two ticks anything may happen, and any process may be late by any number of them. What has an
   upper bound may last as long as that, what has a lower bound as short as that, so whole ticks are enough: README.md.

   -DUNTIMED      without a clock: whoever comes to trust has seen a whole round of one relay that began after he asked
   -DCOMMIT       a commit, acknowledged after 500 ms
   -DSWITCH       the relay switches the cache off
   -DPROMOTION    the primary dies, another one begins a new history
   -DRELAYS=n
   -DMUTANT_x     one mistake, which must be caught: see README.md */

#define REACHED(what) c_code { static int once; if (!once) { once = 1; printf("reached %s\n", what); } }

#ifndef RELAYS
#define RELAYS 2
#endif

/* In ticks. */
#ifdef MUTANT_trust_for_500_ms
#define TRUST 10
#else
#define TRUST 8
#endif
#ifdef MUTANT_grace_of_100_ms
#define GRACE 2
#else
#define GRACE 1
#endif
#ifdef MUTANT_wait_for_400_ms
#define WAIT 8
#else
#define WAIT 10
#endif
#ifdef MUTANT_off_after_400_ms
#define OFF 8
#else
#define OFF 10 /* a second, but more than trust is enough */
#endif
#ifdef MUTANT_begun_after_400_ms
#define BEGIN 8
#else
#define BEGIN 10
#endif

/* The primary. */
byte lock;      /* the relay whose session holds it; 0: nobody's */
bit counts = 1; /* the namespace does */
bit isAlive = 1, isPromoted;
byte promotedFor;

/* The commit: for how many ticks and one it has been there, whether the cache knows, whether it was acknowledged. */
byte age;
bit isInvalidated, isAcknowledged;
#define MISSED (isAcknowledged && !isInvalidated)

/* Relays. A relay has two names in turn; the other one is free again when no beat of it is under way. */
byte since; /* of the one that holds the lock: its last acknowledged beat, or its election */
bit second[3];
#define NAME(r) (2 * (r) + second[r])
byte late[3]; /* the name of a beat whose outcome it does not know and that may still land */

/* A reader's watch of the beats: the name, the beats since the first one, when it asked for that one. And its trust. */
byte watched, beats, asked, trust;
#define VALID(x) ((x) > 0)
/* Of each relay since then: a beat was acknowledged, then a round was begun, then it told all that was due. */
#ifdef UNTIMED
byte progress[3];
#define ACKNOWLEDGED 1
#define BEGUN 2
#define COMPLETE 3
#define PROGRESS(from, to) progress[r] = (progress[r] == from -> to : progress[r])
#define NO_PROGRESS progress[1] = 0; progress[2] = 0
#define LEMMA assert(progress[1] == COMPLETE || progress[2] == COMPLETE)
#else
#define PROGRESS(from, to) skip
#define NO_PROGRESS skip
#define LEMMA skip
#endif

#ifdef MUTANT_two_beats
#define ENOUGH 1
#else
#define ENOUGH 2
#endif
#ifdef MUTANT_beats_of_any_relay
#define IS_WATCHED(name) (watched != 0)
#else
#define IS_WATCHED(name) (watched == name)
#endif
inline land(name) {
    if
    :: IS_WATCHED(name) ->
        beats++;
        if
        :: beats == ENOUGH ->
            LEMMA;
#ifdef MUTANT_trust_from_the_last_beat
            asked = TRUST + 1;
#endif
            assert(!MISSED && counts);
            trust = (asked > trust -> asked : trust); watched = 0; beats = 0; asked = 0; REACHED("trust")
        :: else
        fi
    :: else
    fi
}

#ifdef MUTANT_round_without_lock
#define IS_ELECTED 1
#else
#define IS_ELECTED (lock == r)
#endif
#ifdef MUTANT_round_before_history
#define HAS_PRIMARY 1
#else
#define HAS_PRIMARY isAlive
#endif
#ifdef MUTANT_same_name_after_timeout
#define RENAME skip
#define MAY_RENAME 1
#else
#define RENAME second[r] = 1 - second[r]
#define MAY_RENAME (late[r] == 0)
#endif
#ifdef MUTANT_second_counts_from_nowhere
#define ELECTED_SINCE OFF
#else
#define ELECTED_SINCE 0
#endif

proctype Relay(byte r) {
    bit isDue;
idle:
    if
    :: atomic { HAS_PRIMARY && lock != r -> lock = r; since = ELECTED_SINCE; goto idle } /* the other's session is over */
    :: atomic { HAS_PRIMARY && counts && IS_ELECTED ->
        if
        :: age && !isInvalidated -> isDue = 1
        :: !age || isInvalidated || age - 1 <= GRACE
        fi;
        PROGRESS(ACKNOWLEDGED, BEGUN) }
#ifdef SWITCH
    :: atomic { isAlive && counts && lock == r && since >= OFF ->
#ifdef MUTANT_switch_without_lock
        goto off
#else
        counts = 0; assert(!VALID(trust)); REACHED("off"); goto idle
#endif
        }
#endif
    fi;
#ifdef MUTANT_beat_before_told
    goto beat;
told:
#endif
    if
    :: atomic { true -> isInvalidated = isInvalidated | isDue; isDue = 0;
        PROGRESS(BEGUN, COMPLETE) }
    :: atomic { true -> isDue = 0; goto idle } /* Redis does not answer, or it dies */
    fi;
#ifdef MUTANT_beat_before_told
    goto idle;
#endif
beat:
    if
    :: atomic { true -> d_step { since = (lock == r -> 0 : since); land(NAME(r)); /* acknowledged */
        PROGRESS(0, ACKNOWLEDGED) } goto next }
    :: atomic { MAY_RENAME -> d_step { late[r] = NAME(r); RENAME; REACHED("unknown");
        if
        :: watched == NAME(r) -> watched = 0; beats = 0; asked = 0
        :: else
        fi } goto next }
    :: atomic { true -> goto next }
    fi;
#ifdef MUTANT_switch_without_lock
off:
    atomic { counts = 0; assert(!VALID(trust)); goto idle };
#endif
next:
#ifdef MUTANT_beat_before_told
    goto told
#else
    goto idle
#endif
}

#ifdef MUTANT_history_begins_at_once
#define BEGIN_AT_ONCE || true
#else
#define BEGIN_AT_ONCE
#endif

proctype World() {
    byte name;
    do
#ifndef UNTIMED
    :: d_step { true -> /* a tick */
        age = (age && age <= WAIT -> age + 1 : age);
#ifdef SWITCH
        since = (since < OFF -> since + 1 : since);
#endif
        promotedFor = (isPromoted && promotedFor < BEGIN -> promotedFor + 1 : promotedFor);
        trust = (trust -> trust - 1 : 0); asked = (asked -> asked - 1 : 0);
        watched = (asked -> watched : 0); beats = (asked -> beats : 0) }
#endif
    :: atomic { late[1] -> if :: d_step { land(late[1]); REACHED("late_beat") } :: true fi; late[1] = 0 }
    :: atomic { late[2] -> if :: d_step { land(late[2]) } :: true fi; late[2] = 0 }
    :: atomic { true -> /* A reader sees a beat that it has not seen before, and asks on. */
        if
        :: name = NAME(1)
        :: name = NAME(2)
        :: late[1] -> name = late[1]
        :: late[2] -> name = late[2]
        fi;
        watched = name; beats = 0; asked = TRUST + 1; NO_PROGRESS; name = 0 }
#ifdef COMMIT
    :: atomic { isAlive && !age -> age = 1 }
    :: atomic { age > WAIT && !isAcknowledged -> isAcknowledged = 1; assert(isInvalidated || !VALID(trust)); REACHED("acknowledged") }
#endif
#ifdef PROMOTION
    :: atomic { !isPromoted -> isPromoted = 1; isAlive = 0 }
    :: atomic { isPromoted && counts && (promotedFor >= BEGIN BEGIN_AT_ONCE) -> counts = 0; assert(!VALID(trust)); REACHED("begun") }
#endif
    od
}

init {
    atomic {
        run Relay(1);
#if RELAYS > 1
        run Relay(2);
#endif
        run World()
    }
}
