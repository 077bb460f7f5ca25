# How stale reads were while something failed. Without hits there was no cache that could be stale.
{$name} + . + {faults: $strikes, $limit_ms}
| .kept = (.writes > 0 and .hits > 0 and (.faults > 0 or $name == "stale-reads/none")
    and (.stale == 0 or .oldest_stale_ms <= .limit_ms))
