"""All scenarios, in the order of the table."""

from faults.scenarios import (
    clocks,
    commits_cut,
    histories,
    hostile_clients,
    instance_stopped,
    instances_killed,
    last_unit,
    overload,
    partitions,
    primary_killed,
    promotions,
    redis_faults,
    replica_faults,
    shortages,
    soak,
    upgrades,
)

SCENARIOS = sorted(
    [
        *instances_killed.SCENARIOS,
        *primary_killed.SCENARIOS,
        *promotions.SCENARIOS,
        *commits_cut.SCENARIOS,
        *redis_faults.SCENARIOS,
        *replica_faults.SCENARIOS,
        *instance_stopped.SCENARIOS,
        *partitions.SCENARIOS,
        *last_unit.SCENARIOS,
        *histories.SCENARIOS,
        *clocks.SCENARIOS,
        *shortages.SCENARIOS,
        *overload.SCENARIOS,
        *hostile_clients.SCENARIOS,
        *soak.SCENARIOS,
        *upgrades.SCENARIOS,
    ],
    key=lambda scenario: scenario.row,
)
