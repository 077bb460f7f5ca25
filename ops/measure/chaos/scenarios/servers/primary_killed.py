"""Row 2: the primary is killed and started again. Instance `a` refuses what cannot be proved, `b` serves it."""

import time

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import Interval, during, failed_reads, shown_names, slowest, unanswered
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict

# In which a write may be answered that the primary did not carry out.
REFUSALS = {"primary-unavailable", "outcome-unknown", "overloaded"}


def run(testbed: Testbed) -> Verdict:
    verdict, random = Verdict(), testbed.random("kills")
    outages: list[Interval] = []
    recoveries: list[float] = []
    with testbed.stack() as stack:
        stack.serve("a")
        stack.serve("b", READ_UNPROVEN="serve")
        stock = stock_up(testbed, stack)
        with Crew(writers(testbed, stack, 8) + readers(testbed, stack, 4)) as crew:
            for _ in range(testbed.pick(3, 20)):
                time.sleep(random.uniform(0.3, 0.8))
                stack.primary.kill()
                began = time.monotonic()
                time.sleep(random.uniform(0.2, 2.0))
                outages.append((began, time.monotonic()))
                stack.primary.start()
                recoveries.append(check_recovery(stack, verdict))
                crew.check()
        history = History.of([stock, crew.history])
        ledger = check_afterwards(stack, history, verdict)
        check_reads(history, ledger, verdict)
        check_outages(history, outages, verdict)
    verdict.note(kills=len(outages), seconds_to_recover=round(max(recoveries), 1))
    return verdict


def check_outages(history: History, outages: list[Interval], verdict: Verdict) -> None:
    """What clients may be told while there is no primary."""
    acknowledged = [each for each in history.acknowledged if during(outages, each.started, each.ended)]
    verdict.must(not acknowledged, f"{len(acknowledged)} acknowledged without a primary", [f"{acknowledged[:1]}"])
    refused = [each for each in history.failures if each.kind == "write"]
    wrong = [each for each in refused if each.code not in REFUSALS]
    verdict.note(writes_refused=len(refused), slowest_refusal_s=round(slowest(refused), 1))
    verdict.must(not wrong, f"writes were refused otherwise: {shown_names(wrong)}", [f"{each}" for each in wrong])
    silent = unanswered(history)
    verdict.must(not silent, f"{len(silent)} requests had no answer", [f"{each}" for each in silent])
    reads = [each for each in history.reads if during(outages, each.started, each.ended)]
    verdict.note(
        reads_without_primary=len(reads),
        **{
            f"reads failed through {name} ({setting})": shown_names(failed_reads(history, name)) or "no"
            for name, setting in (("a", "refuse"), ("b", "serve"))
        },
    )
    marked = [each for each in history.reads if each.freshness is not None and each.instance == "a"]
    verdict.must(not marked, f"{len(marked)} unproven answers of an instance that should refuse them")
    served = failed_reads(history, "b")
    verdict.must(
        not served, f"{len(served)} reads failed of an instance that should serve", [f"{each}" for each in served]
    )


SCENARIOS = [
    Scenario(2, "primary-killed", "kill -9 of the primary, and restart", run),
]
