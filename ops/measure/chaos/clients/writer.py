"""A client that records movements whatever happens: each request is repeated until it is answered."""

import itertools
import time
from math import inf
from random import Random

from measure.chaos.clients.goods import Goods
from measure.chaos.clients.orders import Order, Orders
from measure.chaos.clients.progress import Progress
from measure.chaos.clients.worker import Worker
from measure.chaos.history import Refusal, Write
from measure.clients.http import Answer, Connection, Unanswered

RETRY_PAUSE_S = 0.02


class Writer(Worker):
    def __init__(
        self,
        name: str,
        connections: dict[str, Connection],
        goods: Goods,
        random: Random,
        pause_s: float = 0,
        patience_s: float = 30,
        progress: Progress | None = None,
    ) -> None:
        """`connections`: one to each instance, in the order in which they are tried."""
        super().__init__(name, pause_s)
        self._connections = connections
        self._orders = Orders(goods, random, name)
        self._patience_s = patience_s
        self._progress = progress or Progress()

    def work(self) -> None:
        self.record(self._orders.next())

    def record(self, order: Order) -> bool:
        """Returns whether it was acknowledged."""
        key = order.parts[0][0].reference
        started = time.monotonic()
        is_uncertain = False
        for instance, connection in itertools.cycle(self._connections.items()):
            attempted = time.monotonic()
            try:
                answer = connection.post(order.path, order.body, {"Idempotency-Key": key})
            except Unanswered as error:
                self.failed("write", instance, attempted, None, str(error))
                is_uncertain = True
            else:
                if answer.status in (200, 201):
                    self._acknowledged(order, answer, started, instance, is_uncertain)
                    return True
                if answer.code == "insufficient-stock":
                    self._refused(order, answer, started, attempted, instance, is_uncertain)
                    return False
                self.failed("write", instance, attempted, answer)
                is_uncertain |= answer.code == "outcome-unknown"
                if answer.status not in (429, 503):
                    self.notes.surprises.append(
                        f"{instance}: {order.path} was answered {answer.status} {answer.body!r}"
                    )
                    self._pending(order, started)
                    return False
            if time.monotonic() - started >= self._patience_s:
                self._pending(order, started)
                return False
            time.sleep(RETRY_PAUSE_S)
        raise AssertionError("there are no instances")

    def _acknowledged(self, order: Order, answer: Answer, started: float, instance: str, is_uncertain: bool) -> None:
        ended = time.monotonic()
        history = answer.headers.get("inventory-history")
        for changes, recorded in zip(order.parts, order.outcomes(answer), strict=True):
            if recorded:
                self.notes.writes.append(Write(changes, started, ended, recorded, instance, history))
                for change, entry in zip(changes, recorded, strict=True):
                    self._progress.reached(change.level.store, entry.position)
            elif is_uncertain:
                # An attempt that was not answered may still be under way.
                self.notes.writes.append(Write(changes, started))

    def _refused(
        self, order: Order, answer: Answer, started: float, attempted: float, instance: str, is_uncertain: bool
    ) -> None:
        if change := order.refusable:
            self.notes.refusals.append(
                Refusal(change.level, answer.json["on_hand"], -change.delta, attempted, time.monotonic(), instance)
            )
        if is_uncertain:
            self._pending(order, started)

    def _pending(self, order: Order, started: float) -> None:
        for changes in order.parts:
            self.notes.writes.append(Write(changes, started, inf))
