# The figures of the scenario attacks, from the lines of its rounds.
include "figures";

def beside: rounds | {reads_per_second: medians(0), p50_ms: medians(1), p99_ms: medians(2), rounds: .};

($none | beside) as $none
| {
    $name, $connections, $memory_kib,
    reads_per_second: $none.reads_per_second,
    p50_ms: $none.p50_ms,
    p99_ms: $none.p99_ms,
    rounds: $none.rounds,
    slow_clients: ($slow | beside),
    slow_clients_elsewhere: ($slow_elsewhere | beside),
    cut_after_seconds: ($cut | rounds | map(.[0]) | max),
    wrong_logins: ($logins | beside),
    wrong_logins_elsewhere: ($logins_elsewhere | beside),
    statuses: ($statuses | split("\n") | map(select(. != "")))
  }
