"""Row 10: histories of many requests by many clients, with the faults of rows 1 to 8 at random. Each level is
linearizable."""

from collections import Counter
from contextlib import ExitStack

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, note_levels
from faults.checks.levels import LevelFigures, check_levels
from faults.checks.recovery import check_recovery
from faults.clients.crews import readers, stock_up, writers
from faults.clients.goods import Goods
from faults.clients.worker import Crew
from faults.history import History
from faults.network.link import Link
from faults.scenario import Scenario
from faults.scenarios.mischief import Mischief
from faults.servers.cluster import Cluster
from faults.servers.redis import redis_url
from faults.servers.template import database_url
from faults.verdict import Verdict

# Few levels, so that requests meet.
GOODS = Goods(stores=range(1, 5), products=range(1, 5))


def run(bench: Bench) -> Verdict:
    verdict, levels, faults = Verdict(), LevelFigures(), Counter[str]()
    seeds, operations = bench.pick(1, 200), 0
    books = Verdict()
    for seed in range(seeds):
        operations += run_one(bench, seed, books, levels, faults)
    verdict.note(
        histories=seeds, operations=operations, anomalies=levels.anomalies, faults=faults.total(), kinds=len(faults)
    )
    note_levels(levels, verdict)
    verdict.breaches += books.breaches
    verdict.examples += books.examples
    return verdict


def run_one(bench: Bench, seed: int, books: Verdict, levels: LevelFigures, faults: Counter[str]) -> int:
    """One history, on a stack of its own. Returns how many operations it has."""
    wanted = bench.pick(8_000, 10_000)
    standbys = ("standby-1", "standby-2")
    with bench.stack(standbys=standbys, name=f"history-{seed}") as stack, ExitStack() as links:
        servers = [stack.primary, *stack.standbys]
        ways = [links.enter_context(Link(each.address, bench.journal, is_postgres=True)) for each in servers]
        redis_way = links.enter_context(Link(stack.redis.address, bench.journal))
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
        mischief = Mischief(stack, cluster, redis_way, ways, bench.random(f"{seed}/faults"))
        stock = stock_up(bench, stack, GOODS)
        # At a pace at which a history sees most kinds of faults.
        crew = Crew(
            writers(bench, stack, 8, GOODS, pause_s=0.03)
            + readers(bench, stack, 8, GOODS, pause_s=0.012, is_apart=True)
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
