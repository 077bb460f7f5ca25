# What the columns of the table do not say, in a line for each scenario.
include "figures";

def hits: "\(.hit_share * 100 | hundredths) % of \(.sampled_reads) sampled answers were hits";

.scenarios[]
| if .name == "reads" then
    "reads: \(hits); nginx: p50 \(.baseline.p50_ms | hundredths) ms, p99 \(.baseline.p99_ms | hundredths) ms"
  elif .name == "mixed" then
    "mixed: beside \(.movements_per_second_beside | round) movements/s; \(hits)"
  elif .name == "storm" then
    "storm: the p99 of each 100 ms was \(.before_p99_ms | hundredths) ms, \(.worst_p99_ms | hundredths) ms at worst after the flush, "
    + (if .recovered_ms then "and below \(.limit_ms) ms again after \(.recovered_ms) ms" else "and did not stay below \(.limit_ms) ms" end)
    + "; \(.database_reads) database reads for \(.documents) pages, \(.most_reads_of_one) at most of one, \(.most_at_once) at once"
  elif .name == "attacks" then
    "attacks: p99 \(.p99_ms | hundredths) ms; beside slow clients \(.slow_clients.p99_ms | hundredths) ms (such clients at nginx: \(.slow_clients_elsewhere.p99_ms | hundredths) ms), of which the last is cut after \(.cut_after_seconds) s; "
    + "beside wrong logins \(.wrong_logins.p99_ms | hundredths) ms (at nginx, and another process hashes: \(.wrong_logins_elsewhere.p99_ms | hundredths) ms)"
  elif .name == "file" then
    "file: beside one connection to \(.baseline.versions), which commits \(.baseline.at_16_connections | round)/s at 16"
  elif .history then
    "\(.name): the level of a product with \(.history) movements"
  else empty end
