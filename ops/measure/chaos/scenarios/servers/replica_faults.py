"""Row 6: the replica is paused, late, killed, on an old timeline, or another database. Reads are as promised all the
same, with and without a minimum."""

import time
from collections.abc import Callable
from random import Random

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import failed_reads, shown_names
from measure.chaos.clients.crews import following_readers, pollers, readers, stock_up, writers
from measure.chaos.clients.goods import DEFAULT_STORE, product_name
from measure.chaos.clients.progress import Progress
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.servers.postgres import DATABASE, OWNER, PostgresServer, database_url
from measure.servers.program import ProgramFailed, run_program
from measure.servers.stack import Stack

Strike = Callable[[PostgresServer, Random], None]


def with_strikes(strike: Strike, pollers_too: bool = False) -> Callable[[Testbed], Verdict]:
    def run(testbed: Testbed) -> Verdict:
        random = testbed.random("strikes")
        with testbed.stack() as stack:
            stack.serve("a", "b")
            history, strikes = work(testbed, stack, lambda: strike(stack.replica, random), 4 if pollers_too else 0)
            return verdict_of(stack, history, strikes)

    return run


def work(testbed: Testbed, stack: Stack, strike: Callable[[], None], polling: int = 0) -> tuple[History, int]:
    stock, progress, strikes = stock_up(testbed, stack), Progress(), 0
    crew = [
        *writers(testbed, stack, 4, progress=progress),
        *readers(testbed, stack, 4),
        *following_readers(testbed, stack, 3, progress),
        *pollers(testbed, stack, polling),
    ]
    with Crew(crew) as crew_at_work:
        end = time.monotonic() + testbed.seconds(3.5, 60)
        while time.monotonic() < end:
            strike()
            strikes += 1
            crew_at_work.check()
    return History.of([stock, crew_at_work.history]), strikes


def verdict_of(stack: Stack, history: History, strikes: int) -> Verdict:
    verdict = Verdict()
    verdict.note(times=strikes)
    check_reads(history, check_afterwards(stack, history, verdict), verdict)
    failed = failed_reads(history)
    with_minimum = sum(read.minimum > 0 for read in history.reads)
    verdict.note(with_a_minimum=with_minimum, failed_reads=len(failed))
    # The primary is there: it answers what the replica cannot.
    verdict.must(not failed, f"reads failed: {shown_names(failed)}", [f"{each}" for each in failed])
    return verdict


def pause(replica: PostgresServer, random: Random) -> None:
    time.sleep(random.uniform(0.2, 0.5))
    replica.execute("SELECT pg_wal_replay_pause()", "postgres")
    time.sleep(random.uniform(0.2, 1.5))
    replica.execute("SELECT pg_wal_replay_resume()", "postgres")


def delay(replica: PostgresServer, random: Random) -> None:
    replica.set(recovery_min_apply_delay="5s")
    time.sleep(4)
    replica.reset("recovery_min_apply_delay")
    time.sleep(random.uniform(0.2, 0.5))


def kill(replica: PostgresServer, random: Random) -> None:
    time.sleep(random.uniform(0.2, 0.8))
    replica.kill()
    time.sleep(random.uniform(0.0, 0.8))
    replica.start()


def nothing(_: PostgresServer, __: Random) -> None:
    time.sleep(0.1)


OTHER = "other"


def run_other_database(testbed: Testbed) -> Verdict:
    """The setting leads to a copy of the database on the same servers, where other movements were recorded since."""
    with testbed.stack() as stack:
        stack.primary.execute(f"CREATE DATABASE {OTHER} OWNER {OWNER} TEMPLATE {DATABASE}", "postgres")
        other = {"PRIMARY_URL": other_database(database_url(stack.primary))}
        for number in range(3):
            move = ("move", "in", product_name(1 + number), "7", "--store", str(DEFAULT_STORE))
            run_program(stack.program, other, *move)
        stack.primary.await_replay(stack.replica)
        wrong = other_database(database_url(stack.replica))
        stack.serve("a", "b", REPLICA_URL=wrong, REDIS_URL=None)
        history, strikes = work(testbed, stack, lambda: time.sleep(0.1))
        verdict = verdict_of(stack, history, strikes)
        check_verification(stack, wrong, verdict)
        return verdict


def other_database(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{OTHER}"


def check_verification(stack: Stack, replica_url: str, verdict: Verdict) -> None:
    """`khata audit verify` says nothing of a ledger that is not the primary's."""
    settings = {"PRIMARY_URL": database_url(stack.primary), "REPLICA_URL": replica_url}
    try:
        output = run_program(stack.program, settings, "audit", "verify")
    except ProgramFailed:
        return
    heads = stack.primary.execute("SELECT store_id, position FROM stores")
    missing = [line for store, position in heads if (line := f"store {store}: {position} entries") not in output]
    verdict.must(not missing, f"khata audit verify calls {len(missing)} ledgers sound that it did not read", missing)


SCENARIOS = [
    Scenario(6, "replica/paused", "the replica stands still", with_strikes(pause)),
    Scenario(6, "replica/late", "the replica is 5 s late", with_strikes(delay)),
    Scenario(6, "replica/killed", "the replica is killed and started", with_strikes(kill)),
    Scenario(6, "replica/poller", "clients ask for what is not there yet", with_strikes(nothing, pollers_too=True)),
    Scenario(6, "replica/other-database", "replica.url leads to another database", run_other_database),
]
