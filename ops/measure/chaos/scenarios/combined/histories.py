"""Row 10: histories of many requests by many clients, with the faults of rows 1 to 8 at random. Each level is
linearizable."""

from collections import Counter
from contextlib import ExitStack

from measure.chaos.checks.afterwards import check_afterwards, note_levels
from measure.chaos.checks.levels import LevelFigures, check_levels
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.goods import Goods
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.scenarios.combined.mischief import Mischief
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.network.link import Link
from measure.servers.cluster import Cluster
from measure.servers.postgres import database_url
from measure.servers.redis import redis_url

# Few levels, so that requests meet.
GOODS = Goods(stores=range(1, 5), products=range(1, 5))


def run(testbed: Testbed) -> Verdict:
    verdict, levels, faults = Verdict(), LevelFigures(), Counter[str]()
    seeds, operations = testbed.pick(1, 200), 0
    books = Verdict()
    for seed in range(seeds):
        operations += run_one(testbed, seed, books, levels, faults)
    verdict.note(
        histories=seeds, operations=operations, anomalies=levels.anomalies, faults=faults.total(), kinds=len(faults)
    )
    note_levels(levels, verdict)
    verdict.breaches += books.breaches
    verdict.examples += books.examples
    return verdict


def run_one(testbed: Testbed, seed: int, books: Verdict, levels: LevelFigures, faults: Counter[str]) -> int:
    """One history, on a stack of its own. Returns how many operations it has."""
    wanted = testbed.pick(8_000, 10_000)
    standbys = ("standby-1", "standby-2")
    with testbed.stack(standbys=standbys, name=f"history-{seed}") as stack, ExitStack() as links:
        servers = [stack.primary, *stack.standbys]
        ways = [links.enter_context(Link(each.address, testbed.journal, is_postgres=True)) for each in servers]
        redis_way = links.enter_context(Link(stack.redis.address, testbed.journal))
        stack.serve(
            "a",
            PRIMARY_URL=database_url(*ways),
            REPLICA_URL=database_url(ways[1]),
            REDIS_URL=redis_url(redis_way),
        )
        stack.serve(
            "b",
            PRIMARY_URL=database_url(*servers),
            REPLICA_URL=database_url(stack.standbys[1]),
        )
        cluster = Cluster(stack)
        mischief = Mischief(stack, cluster, redis_way, ways, testbed.random(f"{seed}/faults"))
        stock = stock_up(testbed, stack, GOODS)
        # At a pace at which a history sees most kinds of faults.
        crew = Crew(
            writers(testbed, stack, 8, GOODS, pause_s=0.03)
            + readers(testbed, stack, 8, GOODS, pause_s=0.012, is_apart=True)
        )
        with crew:
            while crew.count(operations_of) < wanted:
                faults[mischief.strike()] += 1
                crew.check()
            check_recovery(stack, books, limit_s=30)
        history = History.of([stock, crew.history])
        ledger = check_afterwards(stack, history, books, cluster.primary)
        levels.add(check_levels(history, ledger))
        return operations_of(history)


def operations_of(history: History) -> int:
    return len(history.writes) + len(history.reads)


SCENARIOS = [
    Scenario(10, "histories", "the faults of rows 1 to 8 at random", run),
]
