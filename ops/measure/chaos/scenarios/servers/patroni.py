"""Row 21: the databases are three nodes of Patroni, and the primary's is killed, switched over or cut off. Nobody but Patroni
promotes anything, and instances know all nodes, as primaries and as replicas."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import longest_silence, slowest, unanswered
from measure.chaos.checks.ledger import Ledger, check_exactly_once
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.checks.timelines import TimelineWatch
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.scenarios.servers.promotions import (
    BUSY,
    GOODS,
    LOST_S,
    QUIET,
    Totals,
    divide,
    finish,
    grace_s,
    judge_failures,
    judge_lost_history,
    judge_positions,
    judge_reads,
    must_lose,
)
from measure.chaos.scenarios.servers.several_replicas import await_faults, served
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import eventually
from measure.network.namespaces import Network, Pair, pairs_between
from measure.servers.instance import Instance
from measure.servers.patroni import PatroniNode
from measure.servers.patroni_stack import NODES, PatroniStack
from measure.servers.stack import Places

INSTANCES = ["a", "b"]
# From the kill until every instance has recorded something, and read without a mark.
BACK_S = 15.0
# Without a fault, Patroni stops the primary, and promotes the other one at once.
SWITCHOVER_S = 10.0
# Besides, what is silent has to be noticed, and each attempt to connect to it waits for its end.
CUT_BACK_S = 25.0


@contextmanager
def served_cluster(
    testbed: Testbed, is_synchronous: bool, places: Places = Places(), unproven: str = "serve"
) -> Iterator[PatroniStack]:
    """`unproven`: what instance `b` does with reads that cannot be proved; `a` refuses them."""
    with testbed.patroni_stack(is_synchronous, places) as stack:
        stack.serve("a")
        stack.serve("b", READ_UNPROVEN=unproven)
        yield stack


def run_killed(is_synchronous: bool, testbed: Testbed) -> Verdict:
    verdict, totals = Verdict(), Totals()
    back: list[float] = []
    with served_cluster(testbed, is_synchronous) as stack:
        notes = stock_up(testbed, stack, GOODS)
        for _ in range(testbed.pick(1, 5)):
            notes = kill_once(testbed, stack, notes, totals, back, verdict)
        finish(stack, stack, totals, verdict)
        check_all_serve(testbed, stack, verdict)
    verdict.note(seconds_from_the_kill_until_all_record_and_read=round(max(back), 1))
    verdict.must(max(back) <= BACK_S, f"it took {max(back):.1f} s from the kill until all record and read")
    if is_synchronous:
        verdict.must(totals.lost == 0, f"{totals.lost} acknowledged are lost, in spite of a synchronous standby")
    else:
        must_lose(totals, verdict)
    return verdict


def kill_once(
    testbed: Testbed, stack: PatroniStack, before: History, totals: Totals, back: list[float], verdict: Verdict
) -> History:
    """Clients work before, during and after a failover, until the old primary is a standby. Returns what they wrote that is
    still there."""
    prefix = f"{len(totals.promotions)}-"
    [last] = writers(testbed, stack, 1, QUIET, prefix=f"{prefix}last-")
    crew = Crew([*writers(testbed, stack, 6, BUSY, prefix=prefix), last, *readers(testbed, stack, 6, GOODS)])
    old, counted = stack.primary, entries_lost(stack)
    with crew:
        time.sleep(1)
        if not stack.is_synchronous:
            old.keep_from_standbys()
            time.sleep(LOST_S)
        last.stop()
        last.join()
        old.kill()
        killed = time.monotonic()
        promotion = stack.await_successor(old, killed)
        kept = stack.keep(old)
        old.launch()
        stack.await_complete()
        time.sleep(grace_s(promotion) + 1)
        crew.check()
    totals.promotions.append(promotion)
    ledger = Ledger.read(stack.primary)
    whole = History.of([before, crew.history])
    history, lost = divide(whole, ledger, promotion)
    totals.lost += len(lost)
    totals.surprises += history.surprises
    totals.written.add(check_exactly_once(history, ledger))
    of_lost_history = judge_reads(history, ledger, promotion, totals)
    if of_lost_history:
        judge_lost_history(History(writes=whole.writes, reads=of_lost_history), kept, totals)
    judge_failures(history, promotion, totals)
    judge_positions(stack, history, lost, ledger, totals)
    back += [until_back(crew.history, name, killed, ledger_history(stack)) for name in stack.instances]
    told, gone = entries_lost(stack) - counted, sum(len(write.changes) for write in lost)
    verdict.must(told == gone, f"the metrics say that {told} entries were lost, {gone} were")
    return History(writes=history.writes)


def ledger_history(stack: PatroniStack) -> str | None:
    return stack.primary.value("SELECT id FROM histories ORDER BY number DESC LIMIT 1")


def until_back(history: History, instance: str, killed: float, current: str | None) -> float:
    """Seconds until it had recorded and read, without a mark, in the new history."""
    writes = [write.ended for write in history.acknowledged if (write.instance, write.history) == (instance, current)]
    reads = [
        read.ended
        for read in history.reads
        if (read.instance, read.history, read.freshness) == (instance, current, None)
    ]
    return max(min(writes), min(reads)) - killed


def entries_lost(stack: PatroniStack) -> int:
    return sum(metric(instance, "khata_entries_lost_total") for instance in stack.instances.values())


def metric(instance: Instance, name: str) -> int:
    [value] = [line.split()[1] for line in instance.metrics().splitlines() if line.startswith(f"{name} ")]
    return int(float(value))


def check_all_serve(testbed: Testbed, stack: PatroniStack, verdict: Verdict) -> None:
    """All nodes but the primary serve reads, and instances know which that is."""
    primary = stack.nodes.index(stack.primary) + 1
    await_faults(stack, {primary: "primary"})
    before = served(stack)
    with Crew(readers(testbed, stack, 4)) as crew:
        time.sleep(2)
        crew.check()
    idle = [number for number, count in served(stack).items() if count <= before[number] and number != primary]
    verdict.must(not idle, f"nodes that are standbys serve nothing: {idle}")


def run_switchover(testbed: Testbed) -> Verdict:
    """There and back, asynchronously: an operator's switchover loses nothing even then."""
    verdict, silences, switched = Verdict(), [], 0
    with served_cluster(testbed, is_synchronous=False) as stack:
        stock = stock_up(testbed, stack)
        with Crew(writers(testbed, stack, 6) + readers(testbed, stack, 6)) as crew:
            time.sleep(1)
            for _ in range(testbed.pick(1, 5)):
                first = stack.primary
                [to, *_] = testbed.random(f"{switched}").sample([node for node in stack.nodes if node is not first], 2)
                for old, new in ((first, to), (to, first)):
                    began = time.monotonic()
                    old.switch_over(new)
                    stack.await_complete()
                    silences.append(longest_silence(ends(crew.history), began, time.monotonic()))
                    switched += 1
                    crew.check()
        history = History.of([stock, crew.history])
        check_recovery(stack, verdict)
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
        check_all_serve(testbed, stack, verdict)
    verdict.note(switchovers=switched, seconds_without_a_write=round(max(silences), 1))
    verdict.must(max(silences) <= SWITCHOVER_S, f"nothing was recorded for {max(silences):.1f} s")
    return verdict


def ends(history: History) -> list[float]:
    return [write.ended for write in history.acknowledged]


def cuts(primary: PatroniNode) -> dict[str, list[Pair]]:
    """What the primary does not reach: the longer the list, the fewer can tell it that it is none any more."""
    nodes = [name for name in NODES if name != primary.name]
    return {
        name: pairs_between([primary.name], others)
        for name, others in (
            ("etcd", ["etcd"]),
            ("etcd and the other nodes", ["etcd", *nodes]),
            ("anything", ["etcd", *nodes, *INSTANCES]),
        )
    }


def run_cut_off(testbed: Testbed) -> Verdict:
    """The primary runs, and clients may even reach it: it has to demote itself before another one is promoted."""
    testbed.need_root()
    testbed.need_command("ip")
    verdict, silences = Verdict(), {}
    parts = [*INSTANCES, "redis", "etcd", *NODES]
    with (
        Network(parts, testbed.journal) as network,
        # What a primary shows that stops is compared in row 3: here, Patroni overwrites it.
        served_cluster(testbed, is_synchronous=True, places=Places(network.hosts), unproven="refuse") as stack,
        TimelineWatch(stack.nodes) as watch,
    ):
        stock = stock_up(testbed, stack)
        crew = Crew(writers(testbed, stack, 6, patience_s=60) + readers(testbed, stack, 8, is_apart=True))
        with crew:
            for _ in range(testbed.pick(1, 3)):
                for name in cuts(stack.primary):
                    time.sleep(1)
                    old, began = stack.primary, time.monotonic()
                    network.cut(cuts(old)[name])
                    ready = stack.await_successor(old, began).ready
                    eventually("it records", lambda: max(ends(crew.history)) > ready, pause_s=0.2)
                    network.heal()
                    stack.await_complete()
                    recovery = Verdict()
                    check_recovery(stack, recovery)
                    verdict.breaches += [f"cut off from {name}: {breach}" for breach in recovery.breaches]
                    silence = longest_silence(ends(crew.history), began, time.monotonic())
                    silences[name] = max(silence, silences.get(name, 0))
                    crew.check()
        history = History.of([stock, crew.history])
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
    for name, silence in silences.items():
        verdict.note(**{f"s without a write, cut off from {name}": round(silence, 1)})
        verdict.must(silence <= CUT_BACK_S, f"cut off from {name}: nothing was recorded for {silence:.1f} s")
    verdict.note(timelines=watch.timelines, observations=watch.observations)
    verdict.must(not watch.two_primaries, "two primaries at once", watch.two_primaries)
    slowest_s = slowest([*history.reads, *history.failures])
    verdict.note(slowest_answer_s=round(slowest_s, 1))
    silent = unanswered(history)
    verdict.must(not silent, f"{len(silent)} requests had no answer", [f"{each}" for each in silent])
    return verdict


SCENARIOS = [
    Scenario(
        21,
        "patroni/killed-synchronous",
        "kill -9 of Patroni and the primary, with a synchronous standby",
        partial(run_killed, True),
        is_short=False,
    ),
    Scenario(
        21,
        "patroni/killed-asynchronous",
        "the same, and the standbys lack the last commits",
        partial(run_killed, False),
        is_short=False,
    ),
    Scenario(21, "patroni/switchover", "patronictl switchover, there and back", run_switchover, is_short=False),
    Scenario(21, "patroni/cut-off", "the primary's node is cut off, and goes on", run_cut_off, is_short=False),
]
