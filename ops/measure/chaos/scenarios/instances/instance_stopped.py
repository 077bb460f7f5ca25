"""Row 7: an instance is stopped for seconds when its commit was made, before it tells the cache. What it shows when it
wakes is not older than promised; nor is what others show meanwhile."""

import time
from functools import partial

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import failed_reads, shown_names
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import eventually
from measure.network.link import Link
from measure.servers.postgres import database_url

STOPPED_S = 5.0


def run(testbed: Testbed) -> Verdict:
    """Each of the two in turn: one of them is the relay."""
    verdict = Verdict()
    stops = testbed.pick(2, 20)
    with (
        testbed.stack() as stack,
        Link(stack.primary.address, testbed.journal, is_postgres=True) as first,
        Link(stack.primary.address, testbed.journal, is_postgres=True) as second,
    ):
        links = {"a": first, "b": second}
        for name, link in links.items():
            stack.serve(name, PRIMARY_URL=database_url(link))
        stock = stock_up(testbed, stack)
        with Crew(writers(testbed, stack, 8) + readers(testbed, stack, 8, is_apart=True)) as crew:
            for number in range(stops):
                time.sleep(0.5)
                name = "ab"[number % 2]
                link, process = links[name], stack.instances[name].process
                link.stop_after_commit(process.pid)
                eventually("a commit is made", partial(has_stopped, link, 1 + number // 2), pause_s=0.001)
                time.sleep(STOPPED_S)
                process.resume()
                crew.check()
            time.sleep(1)
        history = History.of([stock, crew.history])
        verdict.note(stops=stops, seconds_each=STOPPED_S)
        check_recovery(stack, verdict)
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
        failed = failed_reads(history)
        verdict.must(not failed, f"reads failed: {shown_names(failed)}", [f"{each}" for each in failed])
    return verdict


def has_stopped(link: Link, times: int) -> bool:
    return link.counts().get("stopped", 0) == times


SCENARIOS = [
    Scenario(7, "instance-stopped", "an instance is stopped 5 s between commit and invalidation", run),
]
