"""Row 7: an instance is stopped for seconds when its commit was made, before it tells the cache. What it shows when it
wakes is not older than promised; nor is what others show meanwhile."""

import time
from functools import partial

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, check_reads
from faults.checks.availability import failed_reads, shown_names
from faults.checks.recovery import check_recovery
from faults.clients.crews import readers, stock_up, writers
from faults.clients.worker import Crew
from faults.history import History
from faults.network.link import Link
from faults.scenario import Scenario
from faults.servers.template import database_url
from faults.verdict import Verdict
from faults.waiting import eventually

STOPPED_S = 5.0


def run(bench: Bench) -> Verdict:
    """Each of the two in turn: one of them is the relay."""
    verdict = Verdict()
    stops = bench.pick(2, 20)
    with (
        bench.stack() as stack,
        Link(stack.primary.address, bench.journal, is_postgres=True) as first,
        Link(stack.primary.address, bench.journal, is_postgres=True) as second,
    ):
        links = {"a": first, "b": second}
        for name, link in links.items():
            stack.serve(name, PRIMARY_URL=database_url(link))
        stock = stock_up(bench, stack)
        with Crew(writers(bench, stack, 8) + readers(bench, stack, 8, is_apart=True)) as crew:
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
