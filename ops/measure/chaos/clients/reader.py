"""A client that reads levels, by each route there is, through each instance."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from measure.chaos.clients.goods import DEFAULT_STORE, Goods, level_path, name_path, stock_path
from measure.chaos.clients.progress import Progress
from measure.chaos.clients.worker import Worker
from measure.chaos.history import Level, Read
from measure.clients.http import Answer, Connection, Unanswered


@dataclass(frozen=True)
class Route:
    """How levels of a store are asked for."""

    name: str
    path: str
    store: int
    # From the body: levels by product.
    levels: Callable[[Answer], Mapping[int, int]]
    is_whole: bool = False


def level_route(level: Level) -> Route:
    return Route("level", level_path(level), level.store, lambda answer: {level.product: answer.json["on_hand"]})


def name_route(product: int) -> Route:
    return Route("name", name_path(product), DEFAULT_STORE, lambda answer: {product: answer.json["stock"]})


def page_route(store: int, limit: int = 1_000) -> Route:
    """Pages of different limits are different documents; each has to hold all products."""
    return Route("page", f"{stock_path(store)}?limit={limit}", store, page_levels, is_whole=True)


def page_levels(answer: Answer) -> Mapping[int, int]:
    assert answer.json["next_cursor"] is None, "the page is too short for all products"
    return {item["product_id"]: item["on_hand"] for item in answer.json["items"]}


@dataclass(frozen=True)
class Known:
    """An answer that a client has kept, and what it said."""

    tag: str
    levels: Mapping[int, int]


class Reader(Worker):
    """`conditional`: how many of its reads ask only for what changed."""

    def __init__(
        self,
        name: str,
        connections: dict[str, Connection],
        goods: Goods,
        random: Random,
        pause_s: float = 0,
        conditional: float = 0.25,
    ) -> None:
        super().__init__(name, pause_s)
        self._connections = list(connections.items())
        self._goods, self._random, self._conditional = goods, random, conditional
        self._known: dict[str, Known] = {}

    def work(self) -> None:
        instance, connection = self._random.choice(self._connections)
        self.read(instance, connection, self.route())

    def route(self) -> Route:
        kind = self._random.random()
        if kind < 0.3:
            store = self._random.choice(self._goods.stores)
            # Few have asked for one of these before.
            return page_route(store, self._random.randint(500, 999)) if kind < 0.05 else page_route(store)
        if kind < 0.4:
            return name_route(self._random.choice(self._goods.products))
        return level_route(self._goods.level(self._random))

    def read(self, instance: str, connection: Connection, route: Route, headers: Mapping[str, str] = {}) -> Read | None:
        """`None` if it failed."""
        known = self._known.get(route.path) if self._random.random() < self._conditional else None
        if known:
            headers = {**headers, "If-None-Match": known.tag}
        started = time.monotonic()
        try:
            answer = connection.get(route.path, headers)
        except Unanswered as error:
            self.failed("read", instance, started, None, str(error))
            return None
        if answer.status == 200:
            levels = route.levels(answer)
            self._known[route.path] = Known(answer.headers["etag"], levels)
        elif answer.status == 304 and known:
            # The answer that the client has, with this tag, is said to be today's.
            levels = known.levels
        else:
            self.failed("read", instance, started, answer)
            if answer.status not in (429, 503):
                self.notes.surprises.append(f"{instance}: {route.path} was answered {answer.status} {answer.body!r}")
            return None
        read = Read(
            route.store,
            levels,
            route.is_whole,
            int(answer.headers["inventory-position"]),
            started,
            time.monotonic(),
            instance,
            route.name if answer.status == 200 else f"{route.name}, not modified",
            answer.headers.get("cache-status", ""),
            answer.headers.get("inventory-freshness"),
            answer.headers.get("inventory-history"),
            int(headers.get("Inventory-Min-Position", 0)),
        )
        self.notes.reads.append(read)
        return read


class FollowingReader(Reader):
    """Asks for what is at least as new as all that anybody was told of the store."""

    def __init__(
        self,
        name: str,
        connections: dict[str, Connection],
        goods: Goods,
        random: Random,
        progress: Progress,
        pause_s: float = 0,
    ) -> None:
        super().__init__(name, connections, goods, random, pause_s)
        self._progress = progress

    def read(self, instance: str, connection: Connection, route: Route, headers: Mapping[str, str] = {}) -> Read | None:
        minimum = {"Inventory-Min-Position": str(self._progress.position(route.store))}
        return super().read(instance, connection, route, {**headers, **minimum})


class Poller(Worker):
    """Waits for what will not come for long: it is to be refused, and nobody else."""

    AHEAD = 1_000_000_000

    def __init__(self, name: str, connections: dict[str, Connection], goods: Goods, random: Random) -> None:
        super().__init__(name)
        self._connections = list(connections.items())
        self._goods, self._random = goods, random

    def work(self) -> None:
        instance, connection = self._random.choice(self._connections)
        route = page_route(self._random.choice(self._goods.stores[:3]))
        started = time.monotonic()
        try:
            answer = connection.get(route.path, {"Inventory-Min-Position": str(self.AHEAD)})
        except Unanswered as error:
            self.failed("read", instance, started, None, str(error))
            return
        self.failed("poll", instance, started, answer)
        if answer.code != "position-unavailable":
            self.notes.surprises.append(f"{instance}: {self.AHEAD} was answered {answer.status} {answer.body!r}")


class Sweeper(Reader):
    """Reads everything in turn through every instance, so that nothing stays unseen for long."""

    def work(self) -> None:
        routes = [
            *(page_route(store) for store in self._goods.stores),
            *(level_route(level) for level in self._goods.levels),
            *(name_route(product) for product in self._goods.products),
        ]
        for route in routes:
            for instance, connection in self._connections:
                if self.is_over:
                    return
                self.read(instance, connection, route)
