"""Row 4: the connection to the primary is lost at the commit: before, while and after it is made."""

import time

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, check_reads
from faults.clients.crews import readers, stock_up, writers
from faults.clients.worker import Crew
from faults.history import History
from faults.network.link import Link
from faults.scenario import Scenario
from faults.servers.template import database_url
from faults.verdict import Verdict
from faults.waiting import NotInTime

# A commit that is cut is asked about, on a new connection, at once.
PATIENCE_S = 30.0


def run(bench: Bench) -> Verdict:
    verdict = Verdict()
    wanted = bench.pick(90, 1_000)
    with bench.stack() as stack, Link(stack.primary.address, bench.journal, is_postgres=True) as link:
        stack.serve("a", PRIMARY_URL=database_url(link))
        stack.serve("b")
        stock = stock_up(bench, stack)
        with Crew(writers(bench, stack, 8, pause_s=0.002) + readers(bench, stack, 2)) as crew:
            # One at a time: the next once that was found out about.
            for cut in range(1, wanted + 1):
                link.break_commits(1)
                await_cut(link, cut)
                crew.check()
        counts = link.counts()
        history = History.of([stock, crew.history])
        verdict.note(
            cuts=wanted,
            **{f"{when} the commit": counts.get(when, 0) for when in ("before", "during", "after")},
            slowest_answer_s=round(slowest(history), 2),
        )
        unresolved = [write for write in history.writes if not write.is_acknowledged]
        verdict.must(
            not unresolved, f"{len(unresolved)} outcomes were not resolved", [f"{each}" for each in unresolved]
        )
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
    return verdict


def await_cut(link: Link, number: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while sum(link.counts().get(when, 0) for when in ("before", "during", "after")) < number:
        if time.monotonic() >= deadline:
            raise NotInTime(f"cut {number}: no movement is committed through the link")
        time.sleep(0.002)


def slowest(history: History) -> float:
    return max(write.ended - write.started for write in history.acknowledged)


SCENARIOS = [
    Scenario(4, "commits-cut", "the connection is cut at COMMIT", run),
]
