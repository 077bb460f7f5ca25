# The figures of one scenario, from the lines of its rounds.
def rounds: split("\n") | map(select(. != "") | split(" ") | map(tonumber));
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def hundredths: . * 100 | round / 100;

($ours | rounds) as $ours
| ($baseline | rounds) as $baseline
| ($ours | map(.[0]) | median) as $rate
| ($baseline | map(.[0]) | median) as $baseline_rate
| {
    $name, $connections, $memory_kib,
    movements_per_second: $rate,
    p50_ms: ($ours | map(.[1]) | median),
    p99_ms: ($ours | map(.[2]) | median),
    rounds: $ours,
    baseline: (if $baseline_rate then {
        transactions_per_second: $baseline_rate,
        mean_ms: ($baseline | map(.[1]) | median),
        rounds: $baseline
    } else null end),
    ratio: (if $baseline_rate then $rate / $baseline_rate | hundredths else null end)
  }
