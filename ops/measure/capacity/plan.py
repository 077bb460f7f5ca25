"""How many machines a chain of shops needs, and what it grows out of first."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from measure.capacity.costs import Costs, Footprints
from measure.capacity.model import WRITE, Deployment

# No machine is busier, with one instance and one replica fewer than there are.
MAXIMUM_USE = 0.6
INSTANCE_CORES = REPLICA_CORES = 2
PRIMARY_CORES = (2, 4, 8, 16, 32)
# connections.total of an instance, and max_connections of ops/postgres/production.conf.
INSTANCE_CONNECTIONS, PRIMARY_CONNECTIONS = 20_000, 200
# From a process on one machine to one on another.
NETWORK_S = 0.000_25
OPEN_S_PER_DAY = 12 * 3_600
DAY_S = 24 * 3_600
# Entries of one instance that compares ledgers without rest (docs/performance.md, ops/bench operated).
COMPARED_PER_SECOND = 33_819
# Of the time, with the settings as they are: half of reconciliation.load_percent, in whole percents, because the other half is
# for documents.
COMPARING_SHARE = 0.02


@dataclass(frozen=True)
class Chain:
    """Each store has a till that records a sale every 20 s, which is one movement, and reads the level of a product before
    it; its website and screens read a page that is cached as often; and somebody reads a page of 100 levels a minute, which
    is not cached any more, because something was sold since the last time."""

    stores: int
    goods: int = 500

    @property
    def sales(self) -> float:
        """A second."""
        return self.stores / 20

    @property
    def per_second(self) -> dict[str, float]:
        """By kind."""
        return {WRITE: self.sales, "levels": self.sales, "hits": self.sales, "pages": self.stores / 60}


@dataclass(frozen=True)
class Plan:
    instances: int
    # Of each primary.
    replicas: int
    primaries: int
    primary_cores: int
    redis_shards: int
    # Cores that are in use of each part, without its idle share.
    busy: Mapping[str, float]
    wal_bytes_per_s: float
    redis_bytes: float
    primary_connections: float

    def deployment(self, costs: Costs) -> Deployment:
        """With one instance and one replica fewer; of several primaries, what one of them has."""
        return Deployment(
            lanes=costs.lanes,
            hop_s=NETWORK_S,
            flush_s=costs.flush_s,
            instances=math.ceil((self.instances - 1) / self.primaries),
            instance_cores=INSTANCE_CORES,
            primary_cores=self.primary_cores,
            replicas=self.replicas - 1,
            replica_cores=REPLICA_CORES,
        )


def plan(costs: Costs, footprints: Footprints, chain: Chain, batch: float = 1) -> Plan:
    """`batch`: how many movements share a transaction."""
    busy = {
        part: chain.sales * costs.writes[part].total(batch) / batch
        + sum(chain.per_second[kind] * cost[part] for kind, cost in costs.reads.items())
        for part in costs.idle
    }
    # Each replica replays everything, in one process.
    replay = chain.sales * costs.writes["replica"].total(batch) / batch
    reads_of_replicas = busy["replica"] - replay
    primaries = machines(replay, 1)
    instances = 1 + max(
        machines(busy["khata"], INSTANCE_CORES - costs.idle["khata"]), math.ceil(chain.stores / INSTANCE_CONNECTIONS)
    )
    # Of its cores, what a replica has left for reads.
    left = REPLICA_CORES - (replay / primaries + costs.idle["replica"]) / MAXIMUM_USE
    replicas = 1 + machines(reads_of_replicas / primaries, left)
    largest = PRIMARY_CORES[-1]
    needed = busy["primary"] + instances * costs.idle["primary"]
    primaries = max(primaries, machines(needed, largest))
    needed /= primaries
    return Plan(
        instances=instances,
        replicas=replicas,
        primaries=primaries,
        primary_cores=next((cores for cores in PRIMARY_CORES if needed <= MAXIMUM_USE * cores), largest),
        redis_shards=machines(busy["redis"] + instances * costs.idle["redis"], 1),
        busy=busy,
        wal_bytes_per_s=chain.sales * costs.wal.total(batch) / batch,
        redis_bytes=chain.stores * footprints.redis_bytes(chain.goods),
        primary_connections=instances * footprints.primary_connections,
    )


def machines(busy: float, cores: float) -> int:
    return max(1, math.ceil(busy / (MAXIMUM_USE * cores)))


def days_until_comparison_takes_a_day(chain: Chain, share: float) -> float:
    """Until all ledgers have more entries than one instance compares in a day."""
    return max(0.0, COMPARED_PER_SECOND * share * DAY_S - chain.stores * chain.goods) / (chain.sales * OPEN_S_PER_DAY)
