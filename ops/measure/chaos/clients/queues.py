"""Clients of the queue, each a process of its own: tills that sell, and a listener to all events."""

from contextlib import ExitStack, suppress
from typing import Any, Self

from measure.chaos.checks.ledger import Ledger
from measure.chaos.clients.goods import Goods
from measure.chaos.history import Change, History, Level, Recorded, Write
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.queues import PYTHON, broker_user
from measure.machine.child import Steered
from measure.machine.waiting import NotInTime, eventually
from measure.servers.postgres import PostgresServer
from measure.servers.rabbitmq import PASSWORD, amqp_url
from measure.servers.stack import Stack

TILL, LISTENER = "measure.chaos.clients.till_process", "measure.chaos.clients.listener_process"
# Of sales: of more than there is.
REFUSALS = 0.02
# Whatever was killed last has to start, and what it missed to be caught up with.
PATIENCE_S = 180.0


class Tills:
    """Each sells from shelves of its own."""

    def __init__(self, testbed: Testbed, stack: Stack, count: int, goods: Goods, pause_s: float) -> None:
        user = broker_user(stack.keys.admin)
        stack.rabbitmq.add_user(user, PASSWORD, "^khata[.]replies[.]", "^khata[.]commands$", "^khata[.]replies[.]")
        self._exits = ExitStack()
        self._tills = [
            self._exits.enter_context(
                Steered(
                    TILL,
                    {
                        "url": amqp_url(stack.rabbitmq, user),
                        "user": user,
                        "name": f"till-{number}",
                        "seed": str(testbed.random(f"till-{number}").random()),
                        "levels": [level for level in goods.levels if level.store % count == number],
                        "refusals": REFUSALS,
                        "pause_s": pause_s,
                    },
                    testbed.journal,
                    PYTHON,
                )
            )
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def stop(self) -> list[dict[str, Any]]:
        """Returns what each has seen, once all its sales are answered."""
        return [till.do("end") for till in self._tills]


class Listener(Steered):
    def __init__(self, testbed: Testbed, stack: Stack) -> None:
        super().__init__(LISTENER, amqp_url(stack.rabbitmq), testbed.journal, PYTHON)
        self.receive()

    def ends(self) -> dict[int, str]:
        """The id of the last event of each store."""
        return dict(self.do("ends"))

    def story(self, server: PostgresServer) -> dict[str, Any]:
        """Once it has come to the ends of the stores' ledgers. (The catalog is older than the service's subscription.)"""
        rows = server.execute(
            """
            SELECT DISTINCT ON (store_id) store_id, position || '-' || left(encode(hash, 'hex'), 16)
            FROM audit_log WHERE store_id > 0 ORDER BY store_id, position DESC
            """
        )
        ends = {int(store or 0): id for store, id in rows}
        # What is missing then, the story shows.
        with suppress(NotInTime):
            eventually("the listener has all events", lambda: self.ends() == ends, PATIENCE_S, pause_s=0.2)
        return dict(self.do("story"))


def sold(tills: list[dict[str, Any]], verdict: Verdict) -> History:
    """What the tills were told, as a history of writes."""
    history = History()
    refused = 0
    for till in tills:
        for sale in till["sales"]:
            level, answer = Level(sale["store"], sale["product"]), sale["answer"]
            change = Change(level, -sale["quantity"], sale["id"])
            if answer["status"] == "done":
                result = answer["result"]
                recorded = (Recorded(result["position"], result["on_hand"]),)
                history.writes.append(Write((change,), sale["started"], sale["ended"], recorded))
            elif answer["status"] == "refused" and answer["problem"]["code"] == "insufficient-stock":
                refused += 1
            else:
                history.surprises.append(f"{sale}")
        history.surprises += till["contradictions"]
    verdict.note(
        sales=sum(len(till["sales"]) for till in tills),
        sent=sum(till["publications"] for till in tills),
        refused=refused,
        connections_of_tills=sum(till["connections"] for till in tills),
    )
    return history


def check_order(tills: list[dict[str, Any]], ledger: Ledger, verdict: Verdict) -> None:
    """Each till's sales stand in each store in the order in which it made them."""
    last: dict[tuple[str, int], int] = {}
    disorder = []
    for entry in ledger.entries:
        till, _, number = (entry.reference or "").rpartition("-")
        if not till.startswith("till-"):
            continue
        key = till, entry.level.store
        if int(number) <= last.get(key, 0):
            disorder.append(f"{entry} comes after {last[key]}")
        last[key] = int(number)
    verdict.note(reordered=len(disorder))
    verdict.must(not disorder, f"{len(disorder)} commands were carried out in another order", disorder)


def check_story(
    story: dict[str, Any],
    ledger: Ledger,
    verdict: Verdict,
    may_be_rewritten: bool = False,
    may_be_refused: bool = False,
) -> None:
    """The listener was told exactly what the ledger says. `may_be_rewritten`: commits were lost. `may_be_refused`: by the
    listener's own queue, which then sees later events first."""
    verdict.note(events=sum(len(events) for _, events in story["story"]), repeated=story["repeated"])
    verdict.must(may_be_refused or not story["ahead"], f"{story['ahead']} events came before the one that they follow")
    if may_be_rewritten:
        verdict.note(rewritten=story["rewritten"])
    else:
        verdict.must(not story["rewritten"], f"{story['rewritten']} positions were told twice, differently")
    verdict.must(not story["defects"], f"{len(story['defects'])} events were missing or altered", story["defects"])
    told = {
        (event["data"]["store_id"], event["data"]["position"], event["data"]["product_id"], event["data"]["on_hand"])
        for store, events in story["story"]
        if store
        for event in events
    }
    recorded = {(entry.level.store, entry.position, entry.level.product, entry.on_hand) for entry in ledger.entries}
    verdict.must(
        told == recorded,
        f"the listener's story differs from the ledger in {len(told ^ recorded)} movements",
        [f"told and recorded otherwise: {each}" for each in sorted(told ^ recorded)],
    )
    ids = {(event["source"], event["id"]) for _, events in story["story"] for event in events}
    verdict.must(len(ids) == sum(len(events) for _, events in story["story"]), "events share an id")
