# The figures of a scenario that reads, from the lines of its rounds and the samples taken beside them.
include "figures";

($ours | rounds) as $ours
| ($baseline | rounds) as $baseline
| ($samples | rounds) as $samples
| ($ours | medians(0)) as $rate
| ($baseline | medians(0)) as $baseline_rate
| ($samples | map(add) | add) as $sampled
| {
    $name, $connections, $memory_kib,
    reads_per_second: $rate,
    p50_ms: ($ours | medians(1)),
    p99_ms: ($ours | medians(2)),
    movements_per_second_beside: ($writes | rounds | medians(0)),
    sampled_reads: $sampled,
    hit_share: (($samples | map(.[0]) | add) / $sampled),
    rounds: $ours,
    baseline: (if $baseline_rate then {
        server: "nginx",
        requests_per_second: $baseline_rate,
        p50_ms: ($baseline | medians(1)),
        p99_ms: ($baseline | medians(2)),
        rounds: $baseline
    } else null end),
    ratio: ratio($rate; $baseline_rate)
  }
