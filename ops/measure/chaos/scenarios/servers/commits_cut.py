"""Row 4: the connection to the primary is lost at the commit: before, while and after it is made."""

import time

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import NotInTime
from measure.network.link import Link
from measure.servers.postgres import database_url

# A commit that is cut is asked about, on a new connection, at once.
PATIENCE_S = 30.0


def run(testbed: Testbed) -> Verdict:
    verdict = Verdict()
    wanted = testbed.pick(90, 1_000)
    with testbed.stack() as stack, Link(stack.primary.address, testbed.journal, is_postgres=True) as link:
        stack.serve("a", PRIMARY_URL=database_url(link))
        stack.serve("b")
        stock = stock_up(testbed, stack)
        with Crew(writers(testbed, stack, 8, pause_s=0.002) + readers(testbed, stack, 2)) as crew:
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
