"""Row 18: the broker takes nothing for a while, or the connection to it is cut, while clients write over HTTP and tills sell
through the queue. Events wait, and none is missing; nobody who writes over HTTP notices."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from measure.chaos.checks.afterwards import check_afterwards
from measure.chaos.clients.crews import stock_up, writers
from measure.chaos.clients.queues import Listener, Tills, check_order, check_story, sold
from measure.chaos.clients.worker import Crew
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.scenarios.queues.till import GOODS, STOCK
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.network.link import Link
from measure.servers.rabbitmq import amqp_url
from measure.servers.stack import Stack

TILLS = 2


@dataclass(frozen=True)
class Faulty:
    """What is broken."""

    testbed: Testbed
    stack: Stack
    # Of the instances to the broker.
    link: Link
    listener: Listener


Strike = Callable[[Faulty], None]


def alarm(faulty: Faulty) -> None:
    """RabbitMQ has less memory than it takes: it reads nothing more from who publishes."""
    faulty.stack.rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1MB")
    time.sleep(faulty.testbed.pick(2.0, 5.0))
    faulty.stack.rabbitmq.control("set_vm_memory_high_watermark", "absolute", "512MB")
    time.sleep(1)


def reject(faulty: Faulty) -> None:
    """A queue of somebody else's is full, and nobody reads it: its events are refused, in whichever queue they are too."""
    faulty.listener.do("declare_full")
    time.sleep(faulty.testbed.pick(3.0, 5.0))
    faulty.listener.do("delete_full")
    time.sleep(1)


def cut(faulty: Faulty) -> None:
    """Between the commit and the acknowledgement, sooner or later."""
    for _ in range(faulty.testbed.pick(10, 50)):
        time.sleep(0.1)
        faulty.link.cut()


def run_with(strike: Strike) -> Callable[[Testbed], Verdict]:
    def run(testbed: Testbed) -> Verdict:
        verdict = Verdict()
        with ExitStack() as exits:
            stack = exits.enter_context(testbed.stack(with_queue=True))
            listener = exits.enter_context(Listener(testbed, stack))
            link = exits.enter_context(Link(stack.rabbitmq.address, testbed.journal))
            stack.serve("a", "b", program=None, AMQP_URL=amqp_url(link))
            stock = stock_up(testbed, stack, GOODS, STOCK)
            tills = exits.enter_context(Tills(testbed, stack, TILLS, GOODS, pause_s=0.002))
            faulty, strikes = Faulty(testbed, stack, link, listener), testbed.pick(2, 20)
            with Crew(writers(testbed, stack, 4, GOODS, prefix="http-")) as crew:
                for _ in range(strikes):
                    strike(faulty)
                    crew.check()
            told = tills.stop()
            verdict.note(times=strikes)
            failures = crew.history.failures
            verdict.must(
                not failures, f"{len(failures)} requests over HTTP failed", [f"{failure}" for failure in failures]
            )
            history = History.of([stock, crew.history, sold(told, verdict)])
            ledger = check_afterwards(stack, history, verdict)
            check_order(told, ledger, verdict)
            story = listener.story(stack.primary)
            check_story(story, ledger, verdict, may_be_refused=strike is reject)
            verdict.must(strike is not reject or story["repeated"] > 0, "nothing was refused, so nothing was seen")
        return verdict

    return run


SCENARIOS = [
    Scenario(18, "queue/alarm", "RabbitMQ is out of memory", run_with(alarm), is_short=False),
    Scenario(18, "queue/reject-publish", "a queue of RabbitMQ takes no more", run_with(reject), is_short=False),
    Scenario(18, "queue/cut", "the connections to RabbitMQ are cut", run_with(cut), is_short=False),
]
