"""Row 13: five times as many requests as can be carried out. So many are, the rest is refused quickly, and soon after
all is as before.

The primary is far away, so that it is what limits: not the machine, on which the clients run too. There is no replica,
which would take a share only when it is too much.
"""

import json
import threading
import time
from collections.abc import Callable

from measure.chaos.checks.afterwards import check_alive, check_books
from measure.chaos.clients.goods import level_path
from measure.chaos.history import Level
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.http import Connection, Unanswered
from measure.clients.load import NUMBER, Load, Outcome
from measure.network.link import Link
from measure.servers.instance import Instance
from measure.servers.postgres import database_url
from measure.servers.stack import Stack
from measure.statistics import quantile

TIMES = 5
# Of the most that was carried out without overload.
SHARE = 0.8
REFUSALS = ("503 overloaded", "429")
# Nobody waits longer to be told that it is too much.
REFUSAL_S = 1.0
RECOVERY_S = 5.0
MEMORY_MIB = 100.0

Messages = Callable[[Connection], list[bytes]]


def write_messages(connection: Connection) -> list[bytes]:
    def message(number: int) -> bytes:
        line = {
            **{"store_id": 1 + number % 40, "product_id": 1 + number % 37},
            **{"movement_type": "stock-in", "quantity": 1, "reference": f"load-{NUMBER}"},
        }
        return connection.message("POST", "/stock-movements", json.dumps(line).encode())

    return [message(number) for number in range(200)]


def read_messages(connection: Connection) -> list[bytes]:
    """Of the ledger, which no cache answers."""
    return [connection.message("GET", f"/stock-movements?store_id={store}&limit=5") for store in range(1, 41)]


def with_load(messages: Messages, far_s: float, **settings: str | None) -> Callable[[Testbed], Verdict]:
    """`far_s`: the primary answers so much later, each way."""

    def run(testbed: Testbed) -> Verdict:
        verdict = Verdict()
        with testbed.stack(standbys=()) as stack, Link(stack.primary.address, testbed.journal) as way:
            [instance] = stack.serve("a", program=None, PRIMARY_URL=database_url(way), **settings)
            [connection] = stack.connect("a").values()
            way.delay(far_s)
            requests = messages(connection)
            usual = Load(connection, requests, testbed.journal, clients=128, seconds=testbed.seconds(3, 10)).outcome()
            peak = usual.rate()
            with Memory(instance) as memory:
                seconds = testbed.seconds(4, 60)
                flood = Load(connection, requests, testbed.journal, rate=TIMES * peak, seconds=seconds).outcome()
                recovery_s = seconds_to_recover(connection)
            verdict.must(usual.count("2") == usual.count(""), f"requests failed without overload: {usual.counts()}")
            judge(verdict, peak, flood, is_timed=testbed.is_long)
            verdict.note(seconds_to_recover=round(recovery_s, 2), MiB_more=round(memory.growth_mib))
            verdict.must(recovery_s <= RECOVERY_S, f"it took {recovery_s:.1f} s to recover")
            verdict.must(memory.growth_mib <= MEMORY_MIB, f"it took {memory.growth_mib:.0f} MiB more")
            check_count(stack, [usual, flood], verdict)
            check_books(stack, verdict)
            check_alive(stack, verdict)
        return verdict

    return run


def judge(verdict: Verdict, peak: float, flood: Outcome, *, is_timed: bool) -> None:
    """`is_timed`: whether the machine is quiet, so that speed tells of the service."""
    carried_out = flood.rate()
    refused = flood.times(*REFUSALS)
    others = {name: count for name, count in flood.counts().items() if not name.startswith(("2", *REFUSALS))}
    verdict.note(
        a_second_at_most=round(peak),
        a_second_sent=round(TIMES * peak),
        a_second_carried_out=round(carried_out),
        refused=len(refused),
        ms_refusal_p99=round(quantile(refused, 0.99) * 1_000),
        ms_success_p99=round(quantile(flood.times("2"), 0.99) * 1_000),
    )
    verdict.must(not others, f"other answers: {others}")
    if not is_timed:
        return
    verdict.must(
        carried_out >= SHARE * peak, f"{carried_out:.0f} a second were carried out, of {peak:.0f} without overload"
    )
    slow_s = quantile(refused, 0.99)
    verdict.must(slow_s <= REFUSAL_S, f"refusals took {slow_s:.2f} s")


def seconds_to_recover(connection: Connection) -> float:
    """Until requests in a row are carried out, each within a second."""
    began = time.monotonic()
    well_since = began
    while time.monotonic() < well_since + 0.5:
        asked = time.monotonic()
        try:
            is_well = connection.get(level_path(Level(1, 1))).status in (200, 404)
        except Unanswered:
            is_well = False
        if not is_well or time.monotonic() > asked + 1:
            well_since = time.monotonic()
        assert well_since < began + 60, "it does not recover"
    return well_since - began


def check_count(stack: Stack, outcomes: list[Outcome], verdict: Verdict) -> None:
    """What was acknowledged is there, and nothing else."""
    acknowledged = sum(outcome.count("201") for outcome in outcomes)
    unknown = sum(outcome.count("no answer", "503 outcome-unknown") for outcome in outcomes)
    recorded = int(stack.primary.value("SELECT count(*) FROM movements WHERE reference LIKE 'load-%'") or 0)
    verdict.note(acknowledged=acknowledged, recorded=recorded)
    verdict.must(
        acknowledged <= recorded <= acknowledged + unknown,
        f"{acknowledged} were acknowledged, and {unknown} not answered; {recorded} are recorded",
    )


class Memory:
    """What an instance takes at most, from the beginning of a block to its end."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._before_mib = self._most_mib = instance.footprint().memory_mib
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def growth_mib(self) -> float:
        return self._most_mib - self._before_mib

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            self._most_mib = max(self._most_mib, self._instance.footprint().memory_mib)


SCENARIOS = [
    Scenario(
        13,
        "overload/writes",
        "5 times as many movements as can be recorded",
        with_load(
            write_messages, 0.01, WRITE_LANES="1", WRITE_COMMANDS_PER_TRANSACTION="8", WRITE_MOVEMENTS_WAITING="1000"
        ),
        is_alone=True,
    ),
    Scenario(
        13,
        "overload/reads",
        "5 times as many reads as the primary answers",
        with_load(read_messages, 0.02, READ_WAITING="200"),
        is_alone=True,
    ),
]
