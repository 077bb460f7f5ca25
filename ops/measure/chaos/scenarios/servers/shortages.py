"""Row 12: the primary's disk is full, or others have all of its connections. Clients are told so clearly and soon, and
when there is room again all goes on without a restart of the service."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import failed_reads, shown_names, slowest, unanswered
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.disk import SmallDisk
from measure.machine.waiting import eventually
from measure.servers.postgres import DATABASE, ROLE, PostgresServer
from measure.servers.sql import APPLICATION, Session, SQLError
from measure.servers.stack import Stack

# What clients may be told meanwhile, all with status 503; and how long that may take.
REFUSALS = {"primary-unavailable", "outcome-unknown", "overloaded"}
ANSWER_S = 10.0


def run_disk_full(testbed: Testbed) -> Verdict:
    """Room for the tables is missing; the log lies elsewhere. The server stays up, and refuses what needs room."""
    return with_small_disk(testbed, "data", lambda stack, disk: disk.fill())


def run_log_full(testbed: Testbed) -> Verdict:
    """Room for the log is missing: the server ends, and cannot start before there is some."""

    def fill(stack: Stack, disk: SmallDisk) -> None:
        disk.fill()

        def is_out_of_room() -> bool:
            with contextlib.suppress(SQLError):
                stack.primary.execute("SELECT pg_switch_wal()", "postgres")
            return "No space left on device" in stack.primary.process.last_lines(200)

        eventually("the primary has noticed", is_out_of_room, within_s=30)

    return with_small_disk(testbed, "log", fill)


def with_small_disk(testbed: Testbed, what: str, fill: Callable[[Stack, SmallDisk], None]) -> Verdict:
    testbed.need_root()
    with ExitStack() as block:
        stack = testbed.stack()
        disk = block.enter_context(SmallDisk(stack.folder / "disk", 160, testbed.journal))
        log = stack.primary.data / "pg_wal"
        if what == "log":
            disk.take_in(log)
        else:
            log.rename(stack.primary.folder / "pg_wal")
            log.symlink_to(stack.primary.folder / "pg_wal")
            disk.take_in(stack.primary.data)
        block.enter_context(stack)

        def shortage() -> None:
            fill(stack, disk)
            time.sleep(testbed.pick(2, 10))
            disk.free()
            if not stack.primary.process.is_alive:
                stack.primary.launch()
            stack.primary.await_ready()

        return run(testbed, stack, shortage, testbed.pick(1, 5), are_reads_served=False)


def without_connections(
    server: Callable[[Stack], PostgresServer], are_reads_served: bool
) -> Callable[[Testbed], Verdict]:
    def run_one(testbed: Testbed) -> Verdict:
        with testbed.stack(primary_settings={"max_connections": 40}) as stack:

            def shortage() -> None:
                with taken_connections(server(stack)):
                    time.sleep(testbed.pick(2, 10))

            return run(testbed, stack, shortage, testbed.pick(1, 5), are_reads_served)

    return run_one


@contextmanager
def taken_connections(server: PostgresServer) -> Iterator[None]:
    """All that an ordinary user may have; those that the service had are ended."""
    has_all, is_over, sessions = Event(), Event(), list[Session]()

    def take() -> None:
        while not is_over.is_set():
            try:
                sessions.append(Session(server.address, DATABASE, ROLE))
            except SQLError:
                has_all.set()
                time.sleep(0.001)

    taker = Thread(target=take, daemon=True)
    taker.start()
    try:
        assert has_all.wait(30), f"{server.name} has connections without end"
        others = f"usename = '{ROLE}' AND application_name <> '{APPLICATION}'"
        server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}", "postgres")
        yield
    finally:
        is_over.set()
        taker.join()
        for session in sessions:
            session.close()


def run(testbed: Testbed, stack: Stack, shortage: Callable[[], None], times: int, are_reads_served: bool) -> Verdict:
    verdict = Verdict()
    stack.serve("a", "b")
    stock = stock_up(testbed, stack)
    with Crew(writers(testbed, stack, 6) + readers(testbed, stack, 4, is_apart=True)) as crew:
        for _ in range(times):
            time.sleep(1)
            shortage()
            check_recovery(stack, verdict)
            crew.check()
    history = History.of([stock, crew.history])
    refused = history.failures
    verdict.note(times=times, refused=len(refused), slowest_refusal_s=round(slowest(refused), 1))
    verdict.note(refused_with=shown_names(refused) or "nothing")
    wrong = [each for each in refused if each.status != 503 or each.code not in REFUSALS]
    verdict.must(not wrong, f"requests were refused otherwise: {shown_names(wrong)}", [f"{each}" for each in wrong])
    silent = unanswered(history)
    verdict.must(not silent, f"{len(silent)} requests had no answer", [f"{each}" for each in silent])
    verdict.must(slowest(refused) <= ANSWER_S, f"a refusal took {slowest(refused):.1f} s")
    failed = failed_reads(history)
    verdict.must(not (are_reads_served and failed), f"reads failed: {shown_names(failed)}")
    check_reads(history, check_afterwards(stack, history, verdict), verdict)
    return verdict


SCENARIOS = [
    Scenario(12, "disk-full/data", "the primary has no room for its tables", run_disk_full),
    Scenario(12, "disk-full/log", "the primary has no room for its log", run_log_full),
    Scenario(
        12,
        "connections/primary",
        "others have all connections of the primary",
        without_connections(lambda stack: stack.primary, are_reads_served=False),
    ),
    Scenario(
        12,
        "connections/replica",
        "others have all connections of the replica",
        without_connections(lambda stack: stack.replica, are_reads_served=True),
    ),
]
