# The figures of a scenario that writes, from the lines of its rounds.
include "figures";

($ours | rounds) as $ours
| ($baseline | rounds) as $baseline
| ($ours | medians(0)) as $rate
| ($baseline | medians(0)) as $baseline_rate
| {
    $name, $connections, $memory_kib,
    movements_per_second: $rate,
    p50_ms: ($ours | medians(1)),
    p99_ms: ($ours | medians(2)),
    rounds: $ours,
    baseline: (if $baseline_rate then {
        server: "pgbench",
        transactions_per_second: $baseline_rate,
        mean_ms: ($baseline | medians(1)),
        rounds: $baseline
    } else null end),
    ratio: ratio($rate; $baseline_rate)
  }
