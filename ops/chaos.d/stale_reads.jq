# How stale reads were while something failed. Without hits there was no cache that could be stale.
{$name} + . + {faults: $strikes, $redis_failures, limit_ms: (if $redis_failures > 0 then 500 else 0 end)}
| .kept = (.writes > 0 and .hits > 0 and (.faults > 0 or $name == "stale-reads/none")
    and (.stale == 0 or (.limit_ms > 0 and .oldest_stale_ms <= .limit_ms)))
