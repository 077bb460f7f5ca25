"""All scenarios, in the order of the table."""

from measure.chaos.scenarios.combined import histories
from measure.chaos.scenarios.instances import clocks, instance_stopped, instances_killed, restarts, upgrades
from measure.chaos.scenarios.load import hostile_clients, last_unit, overload, soak
from measure.chaos.scenarios.queues import broker_faults, lost_history, till
from measure.chaos.scenarios.servers import (
    commits_cut,
    partitions,
    patroni,
    primary_killed,
    promotions,
    redis_faults,
    redis_groups,
    replica_faults,
    several_replicas,
    shortages,
)

SCENARIOS = sorted(
    [
        *instances_killed.SCENARIOS,
        *primary_killed.SCENARIOS,
        *promotions.SCENARIOS,
        *commits_cut.SCENARIOS,
        *redis_faults.SCENARIOS,
        *redis_groups.SCENARIOS,
        *replica_faults.SCENARIOS,
        *several_replicas.SCENARIOS,
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
        *restarts.SCENARIOS,
        *till.SCENARIOS,
        *broker_faults.SCENARIOS,
        *lost_history.SCENARIOS,
        *patroni.SCENARIOS,
    ],
    key=lambda scenario: scenario.row,
)
