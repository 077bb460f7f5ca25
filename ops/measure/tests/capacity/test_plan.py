"""How many machines there have to be."""

import unittest
from collections.abc import Mapping

from measure.capacity.costs import PARTS, Costs, Footprints, WriteCost
from measure.capacity.plan import MAXIMUM_USE, Chain, days_until_comparison_takes_a_day, plan

SIZES = Footprints(primary_connections=10, redis_bytes_per_level=100, database_bytes=500)


def made(writes: Mapping[str, float], level: Mapping[str, float] = {}) -> Costs:
    """`writes`, `level`: seconds of each part for a movement and for a level."""
    nothing = dict.fromkeys(PARTS, 0.0)
    return Costs(
        writes={part: WriteCost(0, writes.get(part, 0)) for part in PARTS},
        reads={"hits": nothing, "levels": {**nothing, **level}, "pages": nothing},
        idle=nothing,
        wal=WriteCost(0, 900),
        flush_s=0.001,
        hop_s=0.0001,
        lanes=1,
    )


class Plans(unittest.TestCase):
    def test_no_machine_is_too_busy_with_one_fewer(self) -> None:
        costs = made({"khata": 0.0002, "primary": 0.0003, "redis": 0.00002}, {"khata": 0.0003, "replica": 0.0004})
        for stores in (1_000, 10_000, 100_000):
            chain = Chain(stores)
            found = plan(costs, SIZES, chain)
            self.assertLessEqual(chain.sales * 0.0005 / (2 * (found.instances - 1)), MAXIMUM_USE)
            self.assertLessEqual(chain.sales * 0.0004 / (2 * (found.replicas - 1)), MAXIMUM_USE)
            self.assertLessEqual(chain.sales * 0.0003 / found.primary_cores, MAXIMUM_USE)
            self.assertEqual(found.primaries, 1)

    def test_one_may_always_be_lost(self) -> None:
        found = plan(made({}), SIZES, Chain(1))
        self.assertEqual((found.instances, found.replicas), (2, 2))

    def test_connections_need_instances_too(self) -> None:
        self.assertEqual(plan(made({}), SIZES, Chain(100_000)).instances, 6)

    def test_a_replica_replays_in_one_process(self) -> None:
        # 5,000 movements a second, each 0.3 ms: 1.5 cores, and one primary's replicas have 0.6.
        self.assertEqual(plan(made({"replica": 0.0003}), SIZES, Chain(100_000)).primaries, 3)

    def test_transactions_that_are_shared_cost_less(self) -> None:
        costs = made({})
        costs = Costs(**{**vars(costs), "writes": {**costs.writes, "primary": WriteCost(0.002, 0.0001)}})
        alone, shared = (plan(costs, SIZES, Chain(100_000), batch).primary_cores for batch in (1, 20))
        self.assertGreater(alone, shared)

    def test_what_is_compared_grows_with_what_is_sold(self) -> None:
        few, many = (days_until_comparison_takes_a_day(Chain(stores), 1) for stores in (1_000, 10_000))
        self.assertGreater(few, 10 * many)
        self.assertEqual(days_until_comparison_takes_a_day(Chain(1_000_000), 0.001), 0)


if __name__ == "__main__":
    unittest.main()
