"""Row 16: two instances are replaced by another version's one after the other, behind a load balancer, and back.

Without another version they are replaced by the same one: a rolling restart, in which every read is strict.
"""

import dataclasses
import time
from collections.abc import Callable

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, note_levels
from faults.checks.availability import shown_names
from faults.checks.ledger import Ledger
from faults.checks.levels import check_levels
from faults.checks.recovery import check_recovery
from faults.clients.balancer import Balancer
from faults.clients.crews import GOODS, stock_up
from faults.clients.http import Connection
from faults.clients.reader import Reader, Sweeper
from faults.clients.worker import Crew, Worker
from faults.clients.writer import Writer
from faults.history import History, Read
from faults.scenario import Scenario
from faults.servers.template import database_url, make_template, run_program
from faults.verdict import Verdict

# While both versions run, what one has recorded is seen by the other's cached reads within that.
STALE_S = 0.5


def run(bench: Bench) -> Verdict:
    old, new = bench.old_program or bench.program, bench.program
    template = make_template(old, bench.own_folder() / "template", bench.journal) if old != new else bench.template
    verdict = Verdict()
    verdict.note(replaced="another version" if old != new else "the same version")
    with dataclasses.replace(bench, program=old, template=template).stack() as stack:
        stack.serve("a", "b")
        stock = stock_up(bench, stack)
        balancers: list[Balancer] = []

        def balanced() -> dict[str, Connection]:
            balancers.append(Balancer(list(stack.connect().values())))
            return {"balancer": balancers[-1]}

        workers: list[Worker] = [
            *(Writer(name := f"writer-{n}", balanced(), GOODS, bench.random(name), 0.01) for n in range(6)),
            *(Reader(name := f"reader-{n}", balanced(), GOODS, bench.random(name), 0.002) for n in range(5)),
            Sweeper("sweeper", balanced(), GOODS, bench.random("sweeper"), 0.002),
        ]
        work_s = bench.pick(1.5, 20)
        with Crew(workers) as crew:
            time.sleep(work_s)
            # Beside the old instances.
            run_program(new, {"PRIMARY_URL": database_url(stack.primary)}, "migrate")
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
