# What became of the movements while processes were killed.
{$name} + . + $ledger[0] + {kills: $strikes, $audit}
| .kept = (.acknowledged > 0 and .kills > 0 and .refused == 0 and .unanswered == 0 and .audit == "sound"
    and .lost == 0 and .twice == 0 and .unacknowledged == 0 and .wrong_levels == 0)
