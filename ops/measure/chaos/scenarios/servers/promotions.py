"""Row 3: the primary is killed and a standby promoted, again and again, so that the servers take turns.

Synchronous: nothing is lost. Asynchronous: the standby lacks what was committed last, and nothing of that is to be seen
any more. Instance `a` reads the replica that becomes the primary, `b` the other one; `b` serves what cannot be proved.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from measure.chaos.checks.afterwards import check_alive, check_books, note_exactly_once, note_levels
from measure.chaos.checks.availability import shown_names
from measure.chaos.checks.ledger import ExactlyOnce, Ledger, check_exactly_once
from measure.chaos.checks.levels import LevelFigures, check_levels
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.goods import DEFAULT_STORE, Goods, stock_path
from measure.chaos.clients.worker import Crew
from measure.chaos.history import Failure, History, Read, Write
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.servers.cluster import Cluster, Promotion
from measure.servers.postgres import PostgresServer, database_url
from measure.servers.stack import Stack

# These are written to before the promotion only: a lost position is not reached again by chance.
QUIET = Goods(stores=range(13, 17), products=range(1, 5))
BUSY = Goods()
GOODS = Goods(stores=range(1, 17))

# The pauses between an instance's attempts to find the new primary grow with the outage, up to this (Backoff.swift).
LONGEST_PAUSE_S = 1.0
# How much longer than its pause it may take.
GRACE_S = 3.0
# For how long an answer of before the promotion may be on its way.
UNDER_WAY_S = 2.0
# Until somebody decides to promote. Connections are tried again with growing pauses meanwhile.
DECISIONS_S = (0.0, 1.0, 3.0)
# For how long the primary commits what its standbys do not get.
LOST_S = 1.0


@dataclass
class Totals:
    """Of all promotions of a scenario."""

    promotions: list[Promotion] = field(default_factory=list)
    written: ExactlyOnce = field(default_factory=ExactlyOnce)
    levels: LevelFigures = field(default_factory=LevelFigures)
    lost: int = 0
    # Answers of the history that was lost, which say so, when another one had begun.
    of_lost_history: int = 0
    # Seconds from a promotion until all was well, at most.
    reads_failed_s: float = 0
    writes_failed_s: float = 0
    unproven_s: float = 0
    failures: list[Failure] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)


@contextmanager
def promotable_stack(testbed: Testbed) -> Iterator[tuple[Stack, Cluster]]:
    """Three servers, any of which may be the primary, and two instances."""
    with testbed.stack(standbys=("standby-1", "standby-2")) as stack:
        url = database_url(stack.primary, *stack.standbys)
        stack.serve("a", PRIMARY_URL=url, REPLICA_URL=database_url(stack.standbys[0]))
        stack.serve("b", PRIMARY_URL=url, REPLICA_URL=database_url(stack.standbys[1]), READ_UNPROVEN="serve")
        yield stack, Cluster(stack)


def run_synchronous(testbed: Testbed) -> Verdict:
    verdict, totals = Verdict(), Totals()
    with promotable_stack(testbed) as (stack, cluster):
        notes = stock_up(testbed, stack, GOODS)
        for _ in range(testbed.pick(1, 5)):
            cluster.wait_for_standby(len(cluster.standbys))
            old, (new, other) = cluster.primary, cluster.standbys
            notes = work_through(testbed, stack, cluster, new, notes, totals, to_follow=other)
            cluster.rebuild(old)
        finish(stack, cluster, totals, verdict)
    verdict.must(totals.lost == 0, f"{totals.lost} acknowledged are lost, in spite of synchronous standbys")
    return verdict


def run_asynchronous(testbed: Testbed) -> Verdict:
    verdict, totals = Verdict(), Totals()
    with promotable_stack(testbed) as (stack, cluster):
        notes = stock_up(testbed, stack, GOODS)
        for _ in range(testbed.pick(1, 5)):
            old, (new, other) = cluster.primary, cluster.standbys
            # In this order, so that the other one has nothing that the new primary lacks.
            lacking = [other, new]
            notes = work_through(testbed, stack, cluster, new, notes, totals, lacking=lacking, to_follow=other)
            cluster.rebuild(old)
        finish(stack, cluster, totals, verdict)
    must_lose(totals, verdict)
    return verdict


def run_twins(testbed: Testbed) -> Verdict:
    """Two standbys are promoted one after the other, both from the same old timeline: the new one of each has the
    same number, and what the first one recorded is lost."""
    verdict, totals = Verdict(), Totals()
    with promotable_stack(testbed) as (stack, cluster):
        notes = stock_up(testbed, stack, GOODS)
        for new in list(cluster.standbys):
            notes = work_through(testbed, stack, cluster, new, notes, totals)
            timeline = cluster.primary.value("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")
            verdict.must(timeline == "00000002", f"the timeline is {timeline}: these are no twins")
        finish(stack, cluster, totals, verdict)
    must_lose(totals, verdict)
    return verdict


def run_old_timeline(testbed: Testbed) -> Verdict:
    """Of row 6: the other standby has what the new primary lacks, and stays on the old timeline."""
    verdict, totals = Verdict(), Totals()
    with promotable_stack(testbed) as (stack, cluster):
        notes = stock_up(testbed, stack, GOODS)

        new = cluster.standbys[0]
        # So long that `b` still pauses when clients of `a` are acknowledged again, and answers from its old replica.
        work_through(testbed, stack, cluster, new, notes, totals, lacking=[new], after_s=max(DECISIONS_S))
        finish(stack, cluster, totals, verdict)
    must_lose(totals, verdict)
    return verdict


def work_through(
    testbed: Testbed,
    stack: Stack,
    cluster: Cluster,
    new: PostgresServer,
    before: History,
    totals: Totals,
    lacking: Sequence[PostgresServer] = (),
    to_follow: PostgresServer | None = None,
    after_s: float | None = None,
) -> History:
    """Clients work before, during and after a promotion. Returns what they wrote that is still there.

    `lacking`: the standbys that do not get what is written last. `to_follow`: the one that then streams from the new
    primary. `after_s`: from the old primary's end until somebody decides to promote.
    """
    prefix = f"{len(totals.promotions)}-"
    random = testbed.random(prefix)
    [last] = writers(testbed, stack, 1, QUIET, prefix=f"{prefix}last-")
    crew = Crew([*writers(testbed, stack, 6, BUSY, prefix=prefix), last, *readers(testbed, stack, 6, GOODS)])
    with crew:
        time.sleep(1)
        for standby in lacking:
            cluster.detach(standby)
        if lacking:
            time.sleep(LOST_S)
        last.stop()
        last.join()
        for standby in cluster.standbys:
            if cluster.primary.streams_to(standby):
                cluster.primary.await_replay(standby)
        old = cluster.primary
        promotion = cluster.fail_over(new, after_s=random.choice(DECISIONS_S) if after_s is None else after_s)
        if to_follow:
            cluster.follow(to_follow)
        time.sleep(grace_s(promotion) + 1)
        crew.check()
    totals.promotions.append(promotion)
    ledger = Ledger.read(cluster.primary)
    whole = History.of([before, crew.history])
    history, lost = divide(whole, ledger, promotion)
    totals.lost += len(lost)
    totals.surprises += history.surprises
    totals.written.add(check_exactly_once(history, ledger))
    of_lost_history = judge_reads(history, ledger, promotion, totals)
    if of_lost_history:
        judge_lost_history(dataclasses.replace(whole, reads=of_lost_history, refusals=[]), old, totals)
    judge_failures(history, promotion, totals)
    judge_positions(stack, history, lost, ledger, totals)
    return History(writes=history.writes)


def divide(history: History, ledger: Ledger, promotion: Promotion) -> tuple[History, list[Write]]:
    """The history without the writes that the old primary took with it, and those."""
    there = {entry.reference for entry in ledger.entries}
    limit = promotion.killed + UNDER_WAY_S
    kept: list[Write] = []
    lost: list[Write] = []
    for write in history.writes:
        is_old = write.is_acknowledged and write.started < promotion.killed and write.ended < limit
        (lost if is_old and write.changes[0].reference not in there else kept).append(write)
    return dataclasses.replace(history, writes=kept), lost


def judge_reads(history: History, ledger: Ledger, promotion: Promotion, totals: Totals) -> list[Read]:
    """Strict from the first acknowledgement by the new primary. Returns those of the history before."""
    new = [write for write in history.acknowledged if write.started > promotion.killed]
    first = min((write.ended for write in new), default=inf)
    since = [read for read in history.reads if read.started > first]
    current, others = partition(since, {write.history for write in new})
    told = dataclasses.replace(
        history, reads=current, refusals=[refusal for refusal in history.refusals if refusal.started > first]
    )
    totals.levels.add(check_levels(told, ledger))
    return others


def partition(reads: list[Read], histories: set[str | None]) -> tuple[list[Read], list[Read]]:
    """Those of some histories, and the others."""
    return (
        [read for read in reads if read.history in histories],
        [read for read in reads if read.history not in histories],
    )


def judge_lost_history(history: History, old: PostgresServer, totals: Totals) -> None:
    """An instance that has not reached the new primary yet may serve what it has, if it says that it cannot prove it
    and which history it is of. It was so in that one."""
    totals.of_lost_history += len(history.reads)
    totals.surprises += [f"{read} is of a history that was lost" for read in history.reads if read.freshness is None]
    with old.alone():
        totals.levels.add(check_levels(history, Ledger.read(old)))


def grace_s(promotion: Promotion) -> float:
    """How much longer than the promotion an instance may take to find the new primary."""
    return min(LONGEST_PAUSE_S, promotion.seconds) + GRACE_S


def judge_failures(history: History, promotion: Promotion, totals: Totals) -> None:
    """How long clients had to do without."""
    for failure in history.failures:
        late_s = failure.started - promotion.ready
        if failure.kind == "read":
            totals.reads_failed_s = max(totals.reads_failed_s, late_s)
        else:
            totals.writes_failed_s = max(totals.writes_failed_s, late_s)
        if late_s > grace_s(promotion):
            totals.failures.append(failure)
    marked = [read.started - promotion.ready for read in history.reads if read.freshness is not None]
    totals.unproven_s = max([totals.unproven_s, *marked])


def judge_positions(stack: Stack, history: History, lost: list[Write], ledger: Ledger, totals: Totals) -> None:
    """Clients come with positions of before: what was lost is no position, and with its history it is refused."""
    heads = {entry.level.store: entry.position for entry in ledger.entries}
    old = {write.history for write in [*lost, *history.writes] if write.history}
    for name, connection in stack.connect().items():
        told = connection.get(stock_path(DEFAULT_STORE)).headers.get("inventory-history")
        if told is None:
            totals.surprises.append(f"{name} tells no Inventory-History")
            continue
        for write in lost[:20]:
            assert write.recorded
            store, position = write.changes[0].level.store, write.recorded[0].position
            answer = connection.get(stock_path(store), {"Inventory-Min-Position": str(position)})
            if answer.status == 200:
                is_right = int(answer.headers["inventory-position"]) >= position
            else:
                is_right = answer.code == "position-unavailable" and heads.get(store, 0) < position
            if not is_right:
                totals.surprises.append(f"{name}: position {position} of store {store} was answered {answer}")
        for other in old - {told}:
            headers = {"Inventory-Min-Position": "1", "Inventory-History": other}
            answer = connection.get(stock_path(DEFAULT_STORE), headers)
            if (answer.status, answer.code) != (412, "history-changed"):
                totals.surprises.append(
                    f"{name}: a position of history {other} was answered {answer}, now it is {told}"
                )
        current = {"Inventory-Min-Position": str(heads[DEFAULT_STORE]), "Inventory-History": told}
        answer = connection.get(stock_path(DEFAULT_STORE), current)
        if answer.status != 200:
            totals.surprises.append(f"{name}: today's position and history were answered {answer}")
        connection.close()


def must_lose(totals: Totals, verdict: Verdict) -> None:
    verdict.must(totals.lost > 0, "nothing was lost: it was not seen what becomes of it")


def finish(stack: Stack, cluster: Cluster, totals: Totals, verdict: Verdict) -> None:
    longest = max(promotion.seconds for promotion in totals.promotions)
    verdict.note(promotions=len(totals.promotions), seconds_without_primary=round(longest, 2))
    verdict.note(
        acknowledged_and_gone=totals.lost,
        **{
            "s after it reads failed": round(max(0, totals.reads_failed_s), 1),
            "s after it writes failed": round(max(0, totals.writes_failed_s), 1),
            "s after it reads were unproven": round(max(0, totals.unproven_s), 1),
            "of them of the lost history": totals.of_lost_history,
        },
    )
    check_recovery(stack, verdict)
    check_books(stack, verdict, cluster.primary)
    check_alive(stack, verdict)
    note_exactly_once(totals.written, verdict)
    note_levels(totals.levels, verdict)
    verdict.must(
        not totals.failures,
        f"requests failed long after the promotion: {shown_names(totals.failures)}",
        [f"{each}" for each in totals.failures],
    )
    verdict.must(not totals.surprises, f"{len(totals.surprises)} answers that no client should get", totals.surprises)


SCENARIOS = [
    Scenario(3, "promotion/synchronous", "a synchronous standby is promoted", run_synchronous),
    Scenario(3, "promotion/asynchronous", "a standby that lacks the last commits is promoted", run_asynchronous),
    Scenario(3, "promotion/twins", "two standbys become the same timeline in turn", run_twins),
    Scenario(6, "replica/old-timeline", "the replica stays on a timeline with what was lost", run_old_timeline),
]
