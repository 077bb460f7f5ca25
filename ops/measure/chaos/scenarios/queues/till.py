"""Row 17: tills sell through the queue while the service, the broker and the primary are killed under them. The ledger
has exactly their sales, in their order, and a listener to the events has been told the same story."""

import time
from collections.abc import Callable

from measure.chaos.checks.afterwards import check_afterwards
from measure.chaos.clients.crews import stock_up
from measure.chaos.clients.goods import Goods
from measure.chaos.clients.queues import Listener, Tills, check_order, check_story, sold
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict

GOODS = Goods(stores=range(1, 9), products=range(1, 5))
STOCK = 100_000
TILLS = 4


def run(testbed: Testbed) -> Verdict:
    verdict, random = Verdict(), testbed.random("kills")
    with testbed.stack(with_queue=True) as stack, Listener(testbed, stack) as listener:
        stack.serve("a", "b")
        stock = stock_up(testbed, stack, GOODS, STOCK)

        def kill_service() -> None:
            name = random.choice(("a", "b"))
            stack.instances[name].kill()
            stack.instances[name].start()

        def kill_broker() -> None:
            stack.rabbitmq.kill()
            time.sleep(random.uniform(0, 1))
            stack.rabbitmq.start()

        def kill_primary() -> None:
            stack.primary.kill()
            time.sleep(random.uniform(0, 1))
            stack.primary.start()

        kills: list[Callable[[], None]] = [
            *[kill_service] * testbed.pick(6, 100),
            *[kill_broker] * testbed.pick(2, 20),
            *[kill_primary] * testbed.pick(2, 20),
        ]
        random.shuffle(kills)
        with Tills(testbed, stack, TILLS, GOODS, pause_s=0.002) as tills:
            for kill in kills:
                time.sleep(random.uniform(0.2, 1.0))
                kill()
            time.sleep(1)
            told = tills.stop()
        verdict.note(kills=len(kills))
        history = History.of([stock, sold(told, verdict)])
        ledger = check_afterwards(stack, history, verdict)
        check_order(told, ledger, verdict)
        check_story(listener.story(stack.primary), ledger, verdict)
    return verdict


SCENARIOS = [
    Scenario(
        17, "queue/till", "kill -9 of the service, the broker and the primary under tills that sell by queue", run
    ),
]
