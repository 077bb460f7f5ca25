"""Row 19: an asynchronous standby is promoted, which lacks commits whose events were published. The listener is told the
other history, under other ids, and ends with the ledger's story."""

from measure.chaos.checks.afterwards import check_alive, check_books
from measure.chaos.checks.ledger import Ledger
from measure.chaos.clients.crews import GOODS, stock_up, writers
from measure.chaos.clients.orders import movement
from measure.chaos.clients.queues import Listener, check_story
from measure.chaos.clients.worker import Crew
from measure.chaos.clients.writer import Writer
from measure.chaos.history import Change, Level
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import eventually
from measure.servers.cluster import Cluster
from measure.servers.postgres import database_url
from measure.servers.stack import Stack


def run(testbed: Testbed) -> Verdict:
    verdict, promotions = Verdict(), testbed.pick(2, 10)
    with (
        testbed.stack(standbys=("standby-1", "standby-2"), with_queue=True) as stack,
        Listener(testbed, stack) as listener,
    ):
        url = database_url(stack.primary, *stack.standbys)
        stack.serve("a", "b", program=None, PRIMARY_URL=url, REPLICA_URL=None)
        stock_up(testbed, stack)
        cluster = Cluster(stack)
        with Crew(writers(testbed, stack, 6)) as crew:
            for _ in range(promotions):
                old, (new, other) = cluster.primary, cluster.standbys
                # In this order, so that the other one has nothing that the new primary lacks.
                cluster.detach(other)
                cluster.detach(new)
                await_events(listener)
                cluster.fail_over(new)
                cluster.follow(other)
                cluster.rebuild(old)
                await_events(listener)
                crew.check()
        write_everywhere(testbed, stack)
        check_books(stack, verdict, cluster.primary)
        check_alive(stack, verdict)
        verdict.note(promotions=promotions)
        story = listener.story(cluster.primary)
        check_story(story, Ledger.read(cluster.primary), verdict, may_be_rewritten=True)
        verdict.must(story["rewritten"] > 0, "no event was lost, so nothing was seen")
    return verdict


def await_events(listener: Listener) -> None:
    """Of most stores."""
    before = listener.ends()

    def has_more() -> bool:
        return sum(before.get(store) != id for store, id in listener.ends().items()) > len(GOODS.stores) / 2

    eventually("the listener is told something", has_more)


def write_everywhere(testbed: Testbed, stack: Stack) -> None:
    """The next event of a store tells a listener that its history is another one."""
    writer = Writer("after", stack.connect(), GOODS, testbed.random("after"))
    for store in GOODS.stores:
        assert writer.record(movement(Change(Level(store, 1), 1, f"after-{store}"))), writer.notes.failures


SCENARIOS = [
    Scenario(19, "queue/promotion", "an asynchronous standby is promoted, and published events are gone", run, False),
]
