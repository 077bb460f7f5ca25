"""Row 16: two instances are replaced by another version's one after the other, behind a load balancer, and back.

Without another version they are replaced by the same one: a rolling restart, in which every read is strict.
"""

import dataclasses
import time
from collections.abc import Callable

from measure.chaos.checks.afterwards import check_afterwards, note_levels
from measure.chaos.checks.availability import shown_names
from measure.chaos.checks.ledger import Ledger
from measure.chaos.checks.levels import check_levels
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import GOODS, stock_up
from measure.chaos.clients.goods import ALL
from measure.chaos.clients.reader import Reader, Sweeper
from measure.chaos.clients.worker import Crew, Worker
from measure.chaos.clients.writer import Writer
from measure.chaos.history import History, Read
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.balancer import Balancer
from measure.clients.http import Connection
from measure.servers.postgres import OWNER, database_url
from measure.servers.program import run_program
from measure.servers.template import make_template

# While both versions run, what one has recorded is seen by the other's cached reads within that.
STALE_S = 0.5


def run(testbed: Testbed) -> Verdict:
    old, new = testbed.old_program or testbed.program, testbed.program
    template = testbed.template
    if old != new:
        template = make_template(old, testbed.own_folder() / "template", testbed.journal, ALL.catalog(), OWNER)
    verdict = Verdict()
    verdict.note(replaced="another version" if old != new else "the same version")
    with dataclasses.replace(testbed, program=old, template=template).stack() as stack:
        stack.serve("a", "b")
        stock = stock_up(testbed, stack)
        balancers: list[Balancer] = []

        def balanced() -> dict[str, Connection]:
            balancers.append(Balancer(list(stack.connect().values())))
            return {"balancer": balancers[-1]}

        workers: list[Worker] = [
            *(Writer(name := f"writer-{n}", balanced(), GOODS, testbed.random(name), 0.01) for n in range(6)),
            *(Reader(name := f"reader-{n}", balanced(), GOODS, testbed.random(name), 0.002) for n in range(5)),
            Sweeper("sweeper", balanced(), GOODS, testbed.random("sweeper"), 0.002),
        ]
        work_s = testbed.pick(1.5, 20)
        with Crew(workers) as crew:
            time.sleep(work_s)
            # Beside the old instances.
            run_program(new, {"PRIMARY_URL": database_url(stack.primary, role=OWNER)}, "migrate")
            time.sleep(work_s)
            for name in ("b", "a"):
                stack.instances[name].replace_with(new)
                only_new_since = time.monotonic()
                time.sleep(work_s)
            time.sleep(work_s)
            only_new_until = time.monotonic()
            for name in ("a", "b"):
                stack.instances[name].replace_with(old)
                time.sleep(work_s)
            crew.check()
        history = History.of([stock, crew.history])
        check_recovery(stack, verdict, with_cache=False)
        verdict.note(errors=len(history.failures), sent_to_the_other=sum(each.retries for each in balancers))
        verdict.must(
            not history.failures,
            f"clients saw errors: {shown_names(history.failures)}",
            [f"{each}" for each in history.failures],
        )
        stack.program = new
        ledger = check_afterwards(stack, history, verdict)

        def is_strict(read: Read) -> bool:
            return old == new or (only_new_since + STALE_S < read.started and read.ended < only_new_until)

        note_levels(check_levels(history, ledger, is_strict), verdict)
        if old != new:
            judge_mixture(history, ledger, lambda read: not is_strict(read), verdict)
    return verdict


def judge_mixture(history: History, ledger: Ledger, include: Callable[[Read], bool], verdict: Verdict) -> None:
    """Reads while an old instance runs."""
    figures = check_levels(history, ledger, include)
    verdict.note(
        reads_beside_the_old=figures.reads,
        **{
            "of them stale": figures.stale,
            "ms stale then at most": round(figures.oldest_stale_ms, 1),
            "of them went back": figures.went_back,
        },
    )
    verdict.must(
        figures.oldest_stale_ms <= STALE_S * 1_000,
        f"beside the old version a read lacked what was acknowledged {figures.oldest_stale_ms:.0f} ms before",
        figures.examples,
    )
    verdict.must(figures.wrong == 0, f"{figures.wrong} reads show what never was so", figures.examples)


SCENARIOS = [
    Scenario(16, "upgrade", "two instances are replaced by another version in turn, and back", run),
]
