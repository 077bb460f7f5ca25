"""Row 1: instances are killed, again and again, while clients write through all of them."""

import time

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, check_reads
from faults.clients.crews import readers, stock_up, writers
from faults.clients.worker import Crew
from faults.history import History
from faults.scenario import Scenario
from faults.verdict import Verdict


def run(bench: Bench) -> Verdict:
    verdict, random = Verdict(), bench.random("kills")
    kills = 0
    with bench.stack() as stack:
        stack.serve("a", "b")
        stock = stock_up(bench, stack)
        with Crew(writers(bench, stack, 12) + readers(bench, stack, 3)) as crew:
            while kills < bench.pick(12, 100):
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
