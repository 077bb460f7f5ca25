# The figures of the scenario storm, from those of its rounds. A round that did not recover counts as the slowest.
include "figures";

def median_of(f): $storms | map(f) | median;

{
    $name, $connections, $memory_kib,
    reads_per_second: median_of(.reads_per_second),
    p50_ms: median_of(.p50_ms),
    p99_ms: median_of(.p99_ms),
    before_p99_ms: median_of(.before_p99_ms),
    worst_p99_ms: median_of(.worst_p99_ms),
    limit_ms: $storms[0].limit_ms,
    recovered_ms: (median_of(.recovered_ms // infinite) | if isinfinite then null else . end),
    documents: $storms[0].documents,
    database_reads: median_of(.database_reads),
    most_reads_of_one: ($storms | map(.most_reads_of_one) | max),
    most_at_once: ($storms | map(.most_at_once) | max),
    rounds: $storms
}
