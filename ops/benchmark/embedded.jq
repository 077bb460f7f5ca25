# The figures of the scenario on a file: movements, and reads of a product with a long and with a short history.
include "figures";

def figures(ours): (ours | rounds) as $ours | {
    $connections, $memory_kib, p50_ms: ($ours | medians(1)), p99_ms: ($ours | medians(2)), rounds: $ours
};

def baseline(theirs): (theirs | rounds) as $theirs | {
    server: "FastAPI", $versions, p50_ms: ($theirs | medians(1)), p99_ms: ($theirs | medians(2)), rounds: $theirs
};

def rate(lines): lines | rounds | medians(0);

def reads(name; history; ours; theirs): figures(ours) + {
    name: name, history: history,
    reads_per_second: rate(ours),
    baseline: (baseline(theirs) + { requests_per_second: rate(theirs) }),
    ratio: ratio(rate(ours); rate(theirs))
};

(figures($writes) + {
    name: "file",
    movements_per_second: rate($writes),
    baseline: (baseline($fastapi_one) + {
        connections: 1, transactions_per_second: rate($fastapi_one), at_16_connections: rate($fastapi_many)
    }),
    ratio: ratio(rate($writes); rate($fastapi_one))
}),
reads("long"; $long_history; $reads_long; $fastapi_long),
reads("short"; $short_history; $reads_short; $fastapi_short)
