"""Row 6, with several replicas. Of three replicas one is paused, one is killed, and one is left on an old timeline by a failover. Each read is
served by one that is well, or the primary: none is stale, and none fails. All come back. And of two, one is promoted by
mistake, and made a standby again: it has a timeline of its own."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import failed_reads, shown_names, slowest
from measure.chaos.clients.crews import following_readers, readers, stock_up, writers
from measure.chaos.clients.progress import Progress
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.scenarios.servers.promotions import GOODS, Totals, must_lose, work_through
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import eventually
from measure.servers.cluster import Cluster
from measure.servers.postgres import PostgresServer, database_url
from measure.servers.stack import Stack

# The one that is promoted is none of them.
REPLICAS = ("replica-1", "replica-2", "replica-3")
# For how long one is away: longer than a heartbeat takes to miss it.
AWAY_S = (2.0, 4.0)
# No read takes longer, although one may wait for two replicas, until heartbeats miss them, and for the primary.
LONGEST_READ_S = 5.0
# How far one that strayed is ahead of the primary, each 16 MiB: more than the load writes.
STRAY_SEGMENTS = 8


def run(testbed: Testbed) -> Verdict:
    verdict, totals = Verdict(), Totals()
    with replicated_stack(testbed) as (stack, cluster):
        heir, first, second, third = cluster.standbys
        # The third has what the new primary lacks, and stays on the old timeline.
        notes = stock_up(testbed, stack, GOODS)
        notes = work_through(testbed, stack, cluster, heir, notes, totals, lacking=[first, second, heir], to_follow=first)
        cluster.follow(second)
        must_lose(totals, verdict)
        verdict.must(not totals.surprises, f"{len(totals.surprises)} answers that no client should get", totals.surprises)

        await_faults(stack, {3: "other-history"})
        before = served(stack)
        history, strikes = strike_by_turns(testbed, stack, first, second)
        verdict.note(times=strikes)
        verdict.must(
            served(stack)[3] == before[3], f"the replica on the old timeline served reads: {served(stack)}, {before}"
        )
        history = History.of([notes, history])
        check_reads(history, check_afterwards(stack, history, verdict, cluster.primary), verdict)
        failed, slowest_s = failed_reads(history), slowest(history.reads)
        verdict.note(failed_reads=len(failed), slowest_read_s=round(slowest_s, 1))
        verdict.must(not failed, f"reads failed: {shown_names(failed)}", [f"{each}" for each in failed])
        late = [each for each in history.reads if each.ended - each.started > LONGEST_READ_S]
        verdict.must(not late, f"{len(late)} reads took up to {slowest_s:.1f} s", [f"{each}" for each in late])

        cluster.rebuild(third)
        await_faults(stack, {})
        check_all_serve(testbed, stack, verdict)
    return verdict


def run_strayed(testbed: Testbed) -> Verdict:
    """No instance knows the one that is promoted as a primary, so that it gets no history of its own. Its WAL positions grow
    beyond the primary's: they prove nothing."""
    verdict = Verdict()
    with replicated_stack(testbed, strays=True) as (stack, cluster):
        notes = stock_up(testbed, stack, GOODS)
        stray, progress = cluster.standbys[-1], Progress()
        crew = [*writers(testbed, stack, 4, progress=progress), *following_readers(testbed, stack, 6, progress)]
        crew += readers(testbed, stack, 4)
        with Crew(crew) as crew_at_work:
            time.sleep(1)
            stray.promote()
            await_faults(stack, {2: "not-a-replica"})
            for number in range(STRAY_SEGMENTS):
                stray.execute(f"CREATE TABLE stray_{number} ()", "postgres")
                stray.execute("SELECT pg_switch_wal()", "postgres")
            stray.stop()
            stray.configure(standby_of=cluster.primary.address)
            stray.start()
            before = served(stack)[2]
            await_faults(stack, {2: "other-history"})
            during = served(stack)[2] - before
            # New connections, too, see what it is.
            for instance in stack.instances.values():
                instance.process.stop()
                instance.start()
            await_faults(stack, {2: "other-history"})
            time.sleep(testbed.seconds(2, 20))
            crew_at_work.check()
        strayed = during + served(stack)[2]
        verdict.must(strayed == 0, f"the replica that strayed served {strayed} reads")
        history = History.of([notes, crew_at_work.history])
        check_reads(history, check_afterwards(stack, history, verdict, cluster.primary), verdict)

        cluster.rebuild(stray)
        await_faults(stack, {})
        check_all_serve(testbed, stack, verdict)
    return verdict


@contextmanager
def replicated_stack(testbed: Testbed, strays: bool = False) -> Iterator[tuple[Stack, Cluster]]:
    """`strays`: without an heir, with two replicas."""
    heirs = () if strays else ("heir",)
    with testbed.stack(standbys=(*heirs, *(REPLICAS[:2] if strays else REPLICAS))) as stack:
        urls = ", ".join(database_url(replica) for replica in stack.standbys[len(heirs) :])
        primary = database_url(stack.primary, *stack.standbys[: len(heirs)])
        # Without Redis, every read is a read of a database.
        stack.serve("a", PRIMARY_URL=primary, REPLICA_URL=None, REPLICA_URLS=urls)
        stack.serve("b", PRIMARY_URL=primary, REPLICA_URL=None, REPLICA_URLS=urls, REDIS_URL=None)
        yield stack, Cluster(stack)


def strike_by_turns(
    testbed: Testbed, stack: Stack, first: PostgresServer, second: PostgresServer
) -> tuple[History, int]:
    """One is paused, then the other killed, then both at once."""
    progress, strikes, random = Progress(), 0, testbed.random("strikes")
    crew = [
        *writers(testbed, stack, 4, progress=progress, prefix="later-"),
        *readers(testbed, stack, 4),
        *following_readers(testbed, stack, 3, progress),
    ]
    with Crew(crew) as crew_at_work:
        end = time.monotonic() + testbed.seconds(10, 60)
        while time.monotonic() < end:
            kind = strikes % 3
            if kind != 1:
                first.process.pause_all()
            if kind != 0:
                second.kill()
            time.sleep(random.uniform(*AWAY_S))
            if kind != 1:
                first.process.resume_all()
            if kind != 0:
                second.start()
            strikes += 1
            await_faults(stack, {3: "other-history"})
            crew_at_work.check()
    return crew_at_work.history, strikes


def check_all_serve(testbed: Testbed, stack: Stack, verdict: Verdict) -> None:
    before = served(stack)
    with Crew(readers(testbed, stack, 4)) as crew:
        time.sleep(2)
        crew.check()
    after = served(stack)
    idle = [number for number in after if after[number] <= before[number]]
    verdict.note(served_again=", ".join(str(after[number] - before[number]) for number in sorted(after)))
    verdict.must(not idle, f"replicas that came back serve nothing: {idle}")


def await_faults(stack: Stack, faults: dict[int, str]) -> None:
    """Until all instances leave out these replicas, for these reasons, and no others."""
    for name, instance in stack.instances.items():
        eventually(
            f"{name} leaves out {faults or 'no replica'}", lambda: faults_in(instance.metrics()) == faults, within_s=30
        )


def faults_in(metrics: str) -> dict[int, str]:
    found = re.findall(r'^khata_replica_fault\{replica="(\d+)",reason="([\w-]+)"\} 1$', metrics, re.MULTILINE)
    return {int(number): reason for number, reason in found}


def served(stack: Stack) -> dict[int, int]:
    """How many reads each replica has served, for all instances."""
    counts: dict[int, int] = {}
    for instance in stack.instances.values():
        pattern = r'^khata_replica_reads_total\{replica="(\d+)",result="served"\} (\d+)$'
        for number, count in re.findall(pattern, instance.metrics(), re.MULTILINE):
            counts[int(number)] = counts.get(int(number), 0) + int(count)
    return counts


SCENARIOS = [
    Scenario(6, "replica/several", "of three replicas, one is paused, one killed, one on an old timeline", run),
    Scenario(6, "replica/strayed", "of two replicas, one was promoted by mistake and is a standby again", run_strayed),
]
