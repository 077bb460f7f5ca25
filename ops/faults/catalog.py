"""All scenarios, in the order of the table."""

from faults.scenarios import commits_cut, instances_killed, primary_killed, redis_faults

SCENARIOS = [
    *instances_killed.SCENARIOS,
    *primary_killed.SCENARIOS,
    *commits_cut.SCENARIOS,
    *redis_faults.SCENARIOS,
]
