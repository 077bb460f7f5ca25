# The rows of the table.
def share(part; whole): if whole == 0 then 0 else part / whole * 1000 | round / 10 end;

def figures:
    if .kills then
        "\(.kills) kills; \(.acknowledged) acknowledged, \(.lost) lost, \(.twice) twice, \(.unacknowledged) more than that, "
        + "\(.refused) refused, \(.unanswered) unanswered, \(.wrong_levels) wrong levels, audit \(.audit); "
        + "repeated \(.repeats) times, silence of \(.longest_silence_ms) ms at most"
    elif .faults then
        "\(.faults) faults; \(.writes) writes, \(.reads) reads (\(share(.hits; .reads)) % hits), \(.failed_reads) failed, "
        + "\(.stale) stale"
        + (if .stale > 0 then ", by \(.oldest_stale_ms * 10 | ceil / 10) ms at most" else "" end)
        + (if .redis_failures > 0 then "; Redis failed the instances \(.redis_failures) times: \(.limit_ms) ms are allowed" else "" end)
    else
        "\(.units) units, \(.clients) clients: \(.sold) sold, \(.refused) refused, \(.others | add // 0) others, "
        + "\(.left[0]) left"
    end;

.scenarios[] | [.name, (if .kept then "kept" else "BROKEN" end), figures] | @tsv
