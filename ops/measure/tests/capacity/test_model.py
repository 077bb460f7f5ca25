"""What follows from the costs, whatever they are."""

import unittest
from collections.abc import Mapping

from measure.capacity.costs import PARTS, Costs, WriteCost, fitted
from measure.capacity.model import Deployment, Workload, simulate

NOTHING = WriteCost(0, 0)


def made(writes: Mapping[str, WriteCost], flush_s: float = 0.002, hit_s: float = 0.0001) -> Costs:
    return Costs(
        writes={part: writes.get(part, NOTHING) for part in PARTS},
        reads={"hits": {part: hit_s if part == "khata" else 0.0 for part in PARTS}},
        idle=dict.fromkeys(PARTS, 0.0),
        wal=NOTHING,
        flush_s=flush_s,
        hop_s=0,
        lanes=1,
    )


def deployment(costs: Costs, **others: int) -> Deployment:
    return Deployment(lanes=1, hop_s=0, flush_s=costs.flush_s, **others)


class Writes(unittest.TestCase):
    def test_one_client_waits_for_each_flush_alone(self) -> None:
        costs = made({"primary": WriteCost(0.001, 0.001)})
        found = simulate(costs, deployment(costs), Workload(clients=1), 4)
        self.assertAlmostEqual(found.p50_ms, 4)
        self.assertAlmostEqual(found.per_second, 250, delta=1)

    def test_clients_share_transactions(self) -> None:
        # A transaction has those that came during the one before, half of all: it takes 1 + 20 x 0.1 + 2 ms.
        costs = made({"primary": WriteCost(0.001, 0.0001)})
        found = simulate(costs, deployment(costs), Workload(clients=40), 4)
        self.assertAlmostEqual(found.per_second / found.transactions_per_second, 20, delta=0.5)
        self.assertAlmostEqual(found.per_second, 20 / 0.005, delta=60)

    def test_below_what_is_possible_each_request_is_served(self) -> None:
        costs = made({"primary": WriteCost(0.001, 0.0001), "khata": WriteCost(0, 0.0001)})
        found = simulate(costs, deployment(costs), Workload({"movements": 1_000.0}, is_random=True), 10)
        self.assertAlmostEqual(found.per_second, 1_000, delta=40)
        self.assertAlmostEqual(found.use["khata"], 1_000 * 0.0001 / 2, delta=0.004)

    def test_together_they_share_the_cores(self) -> None:
        costs = made({"primary": WriteCost(0, 0.0004), "khata": WriteCost(0, 0.0004), "load": WriteCost(0, 0.0002)}, 0)
        apart = simulate(costs, deployment(costs, instance_cores=1, primary_cores=1), Workload(clients=64), 4)
        one = simulate(
            costs,
            Deployment(lanes=1, hop_s=0, flush_s=0, instance_cores=1, is_together=True),
            Workload(clients=64),
            4,
        )
        self.assertGreater(apart.per_second, 1_600)
        self.assertAlmostEqual(one.per_second, 1_000, delta=20)


class Reads(unittest.TestCase):
    def test_instances_share_them(self) -> None:
        costs = made({}, hit_s=0.001)
        for instances in (1, 3):
            found = simulate(
                costs,
                deployment(costs, instances=instances, instance_cores=1),
                Workload(clients=64, kind="hits"),
                4,
                "hits",
            )
            self.assertAlmostEqual(found.per_second, 1_000 * instances, delta=30)


class Fits(unittest.TestCase):
    def test_the_costs_are_found_again(self) -> None:
        points = [(rate / batch, rate, 0.003 * rate / batch + 0.0001 * rate) for rate, batch in ((100, 1), (900, 3), (4_000, 20))]
        found = fitted(points)
        self.assertAlmostEqual(found.transaction, 0.003)
        self.assertAlmostEqual(found.movement, 0.0001)

    def test_none_is_below_nothing(self) -> None:
        found = fitted([(100, 100, 0.1), (300, 900, 1.2)])
        self.assertEqual(found.transaction, 0)
        self.assertGreater(found.movement, 0)

    def test_all_in_transactions_of_one_are_not_told_apart(self) -> None:
        found = fitted([(100, 100, 0.1), (200, 200, 0.2)])
        self.assertAlmostEqual(found.total(1), 0.001)


if __name__ == "__main__":
    unittest.main()
