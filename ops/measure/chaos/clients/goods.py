"""What is in the shops: stores and products that the template of every database has."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from measure.chaos.history import Level

# The store of the first versions' routes, which find products by name.
DEFAULT_STORE = 1


def product_name(product: int) -> str:
    return f"Chaos {product}"


@dataclass(frozen=True)
class Goods:
    """Some of the stores, and some of the products."""

    stores: range = range(1, 13)
    products: range = range(1, 9)

    @property
    def levels(self) -> list[Level]:
        return [Level(store, product) for store in self.stores for product in self.products]

    def catalog(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is posted for them to be there."""
        for path, kind, ids in (("/stores", "store", self.stores), ("/products", "product", self.products)):
            yield from ((path, {f"{kind}_id": id, "name": product_name(id)}) for id in ids)

    def level(self, random: Random) -> Level:
        """A third of all go to a few levels, so that requests meet; the others are seldom touched."""
        levels = self.levels
        return random.choice(levels[: max(1, len(levels) // 16)] if random.random() < 1 / 3 else levels)

    def other_store(self, random: Random, store: int) -> int:
        return random.choice([other for other in self.stores if other != store])


# Of every template.
ALL = Goods(range(1, 41), range(1, 41))


def stock_path(store: int) -> str:
    return f"/stores/{store}/stock"


def level_path(level: Level) -> str:
    return f"/stores/{level.store}/stock/{level.product}"


def name_path(product: int) -> str:
    return f"/stock/{quote(product_name(product))}"
