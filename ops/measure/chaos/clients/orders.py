"""What writers ask for, and what the answer says became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from measure.chaos.clients.goods import Goods, stock_path
from measure.chaos.history import Change, Level, Recorded
from measure.clients.http import Answer

Line = dict[str, Any]


@dataclass(frozen=True)
class Order:
    path: str
    body: Any
    # Each part is recorded whole or not at all.
    parts: tuple[tuple[Change, ...], ...]
    # What became of each part, from an answer with success; a part without a record was refused.
    outcomes: Callable[[Answer], list[tuple[Recorded, ...] | None]]

    @property
    def refusable(self) -> Change | None:
        """The one change whose level a refusal names."""
        return self.parts[0][0] if len(self.parts) == 1 and not isinstance(self.body.get("movements"), list) else None


def movement(change: Change, with_store_in_path: bool = False) -> Order:
    line = movement_line(change)
    path = stock_path(change.level.store) if with_store_in_path else "/stock-movements"
    return Order(path, line, ((change,),), lambda answer: [(recorded(answer.json),)])


def transfer(level: Level, to_store: int, quantity: int, reference: str) -> Order:
    body = {
        "product_id": level.product,
        "from_store_id": level.store,
        "to_store_id": to_store,
        "quantity": quantity,
        "reference": reference,
    }
    changes = (
        Change(level, -quantity, reference),
        Change(Level(to_store, level.product), quantity, reference),
    )
    return Order(
        "/stock-transfers",
        body,
        (changes,),
        lambda answer: [(recorded(answer.json["from"]), recorded(answer.json["to"]))],
    )


def batch(changes: list[Change], is_atomic: bool) -> Order:
    body = {"movements": [movement_line(change) for change in changes], "atomic": is_atomic}

    def lines(answer: Answer) -> list[tuple[Recorded, ...] | None]:
        return [(recorded(line),) if line["status"] == 201 else None for line in answer.json["results"]]

    if is_atomic:
        return Order(
            "/stock-movements/batch",
            body,
            (tuple(changes),),
            lambda answer: [tuple(recorded(line) for line in answer.json["results"])],
        )
    return Order("/stock-movements/batch", body, tuple((change,) for change in changes), lines)


def movement_line(change: Change) -> Line:
    return {
        "store_id": change.level.store,
        "product_id": change.level.product,
        "movement_type": "stock-in" if change.delta > 0 else "sale",
        "quantity": abs(change.delta),
        "reference": change.reference,
    }


def recorded(line: Line) -> Recorded:
    return Recorded(line["position"], line["on_hand"])


class Orders:
    """An endless mixture, decided by a random number generator."""

    def __init__(self, goods: Goods, random: Random, name: str) -> None:
        self._goods, self._random, self._name = goods, random, name
        self._count = 0

    def next(self) -> Order:
        self._count += 1
        reference = f"{self._name}-{self._count}"
        random, kind = self._random, self._random.random()
        if kind < 0.15 and len(self._goods.stores) > 1:
            level = self._goods.level(random)
            return transfer(level, self._goods.other_store(random, level.store), random.randint(1, 3), reference)
        if kind < 0.3:
            count = random.randint(2, 4)
            return batch([self._change(f"{reference}/{line}") for line in range(count)], random.random() < 0.5)
        return movement(self._change(reference), with_store_in_path=random.random() < 0.5)

    def _change(self, reference: str) -> Change:
        sign = 1 if self._random.random() < 0.5 else -1
        return Change(self._goods.level(self._random), sign * self._random.randint(1, 4), reference)
