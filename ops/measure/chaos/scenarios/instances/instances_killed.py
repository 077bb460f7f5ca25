"""Row 1: instances are killed, again and again, while clients write through all of them."""

import time

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.clients.crews import readers, stock_up, writers
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict


def run(testbed: Testbed) -> Verdict:
    verdict, random = Verdict(), testbed.random("kills")
    kills = 0
    with testbed.stack() as stack:
        stack.serve("a", "b")
        stock = stock_up(testbed, stack)
        with Crew(writers(testbed, stack, 12) + readers(testbed, stack, 3)) as crew:
            while kills < testbed.pick(12, 100):
                time.sleep(random.uniform(0.05, 0.5))
                # Sometimes both: then nobody is there to be asked.
                victims = random.choice((["a"], ["b"], ["a", "b"]))
                for name in victims:
                    stack.instances[name].kill()
                kills += len(victims)
                for name in victims:
                    stack.instances[name].process.start()
                for name in victims:
                    stack.instances[name].await_ready()
                crew.check()
        history = History.of([stock, crew.history])
        verdict.note(kills=kills)
        ledger = check_afterwards(stack, history, verdict)
        check_reads(history, ledger, verdict)
    return verdict


SCENARIOS = [
    Scenario(1, "instances-killed", "kill -9 of an instance under load", run),
]
