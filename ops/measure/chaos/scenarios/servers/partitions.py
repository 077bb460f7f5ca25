"""Row 8: the network is cut between any two parts, and into every two sides. Instance `a` refuses what it cannot prove,
`b` serves it and says so; of each cut there is one that has them the other way round."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import shown_names, slowest
from measure.chaos.checks.leaks import Holdings, check_leaks
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import Failure, History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.network.links import Links
from measure.network.namespaces import Network, Pair, pairs_between, partitions
from measure.servers.postgres import conninfo, database_url
from measure.servers.redis import redis_url
from measure.servers.stack import Places, Stack

INSTANCES = ["a", "b"]
PARTS = [*INSTANCES, "redis", "primary", "replica"]
# From when all is connected again until all is as before: what is silent may be noticed late.
RECOVERY_S = 30.0
# A refusal takes no longer than that.
ANSWER_S = 10.0


class Cuttable(Protocol):
    def cut(self, pairs: list[Pair]) -> None: ...

    def heal(self) -> None: ...


@dataclass(frozen=True)
class Cut:
    name: str
    pairs: tuple[Pair, ...]
    began: float = 0
    # Until all was as before.
    ended: float = 0

    def separates(self, instance: str) -> bool:
        """From the primary."""
        return (instance, "primary") in self.pairs or ("primary", instance) in self.pairs


def cuts(testbed: Testbed) -> list[Cut]:
    """What the short mode has time for is the worst: one side has the cache, and the other the truth."""
    two_sides = [
        Cut(f"{'+'.join(one)} | {'+'.join(other)}", tuple(pairs_between(one, other)))
        for one, other in partitions(PARTS)
    ]
    if not testbed.is_long:
        return [cut for cut in two_sides if cut.name in ("a+redis+replica | b+primary", "a+primary+replica | b+redis")]
    pairs = [
        Cut(f"{one} - {other}", ((one, other),)) for one, other in combinations(PARTS, 2) if (one, other) != ("a", "b")
    ]
    return pairs + two_sides


@contextmanager
def silent(testbed: Testbed) -> Iterator[tuple[Stack, Cuttable]]:
    """Each part has a network namespace; what is cut is dropped."""
    testbed.need_root()
    testbed.need_command("ip")
    with Network(PARTS, testbed.journal) as network, testbed.stack(Places(network.hosts)) as stack:
        stack.serve("a")
        stack.serve("b", READ_UNPROVEN="serve")
        yield stack, network


@contextmanager
def refused(testbed: Testbed) -> Iterator[tuple[Stack, Cuttable]]:
    """Links between the parts; what is cut is closed, and refused."""
    with Links(testbed.journal) as links, testbed.stack() as stack:
        link = links.between("replica", "primary", stack.primary.address)
        stack.replica.set(primary_conninfo=conninfo(*link.address, stack.replica.name))
        for name in INSTANCES:
            stack.serve(
                name,
                PRIMARY_URL=database_url(links.between(name, "primary", stack.primary.address)),
                REPLICA_URL=database_url(links.between(name, "replica", stack.replica.address)),
                REDIS_URL=redis_url(links.between(name, "redis", stack.redis.address)),
                READ_UNPROVEN="serve" if name == "b" else None,
            )
        yield stack, links


def run_silent(testbed: Testbed) -> Verdict:
    with silent(testbed) as (stack, network):
        return run(testbed, stack, network)


def run_refused(testbed: Testbed) -> Verdict:
    with refused(testbed) as (stack, network):
        return run(testbed, stack, network)


def run(testbed: Testbed, stack: Stack, network: Cuttable) -> Verdict:
    verdict, done, cut_s = Verdict(), [], testbed.pick(2.0, 4.0)
    stock = stock_up(testbed, stack)
    crew = Crew(writers(testbed, stack, 6, patience_s=60) + readers(testbed, stack, 8, is_apart=True))
    with crew:
        time.sleep(1)
        before = Holdings.of(stack)
        for cut in cuts(testbed):
            began = time.monotonic()
            network.cut(list(cut.pairs))
            time.sleep(cut_s)
            network.heal()
            recovery = Verdict()
            check_recovery(stack, recovery, limit_s=RECOVERY_S)
            done.append(Cut(cut.name, cut.pairs, began, time.monotonic()))
            for breach in recovery.breaches:
                verdict.must(False, f"{cut.name}: {breach}")
            crew.check()
            # That there is something in the cache to be wrong.
            time.sleep(0.5)
    history = History.of([stock, crew.history])
    longest = max(cut.ended - cut.began for cut in done) - cut_s
    verdict.note(cuts=len(done), seconds_each=cut_s, seconds_to_recover=round(longest, 1))
    check_leaks(stack, before, verdict)
    check_reads(history, check_afterwards(stack, history, verdict), verdict)
    judge_failures(history, done, verdict)
    return verdict


def judge_failures(history: History, done: list[Cut], verdict: Verdict) -> None:
    """An instance that reaches the primary carries out everything. One that does not says so, and soon."""
    wrong = [failure for failure in history.failures if not is_excused(failure, done)]
    verdict.must(
        not wrong,
        f"requests failed of an instance that reaches the primary: {shown_names(wrong)}",
        [f"{each}" for each in wrong],
    )
    silent = [failure for failure in history.failures if failure.status is None]
    verdict.must(not silent, f"{len(silent)} requests had no answer", [f"{each}" for each in silent])
    slowest_s = slowest([*history.reads, *history.failures])
    verdict.note(refused=len(history.failures), slowest_answer_s=round(slowest_s, 1))
    verdict.must(slowest_s <= ANSWER_S, f"an answer took {slowest_s:.1f} s")
    served = [each for each in history.failures if each.instance == "b" and each.kind == "read"]
    verdict.note(reads_failed_though_to_be_served=len(served))
    marked = [read for read in history.reads if read.instance == "a" and read.freshness is not None]
    verdict.must(not marked, f"{len(marked)} unproven answers of an instance that should refuse them")


def is_excused(failure: Failure, done: list[Cut]) -> bool:
    """Made while the instance was cut off from the primary, or before it was back."""
    return any(
        cut.separates(failure.instance) and cut.began <= failure.ended and failure.started <= cut.ended for cut in done
    )


SCENARIOS = [
    Scenario(8, "partitions/silent", "the network drops everything between two sides", run_silent),
    Scenario(8, "partitions/refused", "connections between two sides are closed and refused", run_refused),
]
