# The rows of the table.
include "figures";

.scenarios[] | (.baseline // {}) as $baseline | [
    .name,
    (if .movements_per_second then "movements" else "reads" end),
    (.movements_per_second // .reads_per_second | round),
    ($baseline.server // "-"),
    ($baseline.transactions_per_second // $baseline.requests_per_second | if . then round else "-" end),
    .ratio // "-",
    (.p50_ms | hundredths), (.p99_ms | hundredths), (.memory_kib / 1024 | round)
] | @tsv
