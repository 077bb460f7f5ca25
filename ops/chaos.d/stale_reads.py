"""Writes to each store through one instance, reads it through both, and counts the reads that miss what was acknowledged
before they began. Prints JSON.

Usage: stale_reads.py URL URL KEY SECONDS
"""

import itertools
import json
import sys
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass

from client import Client, Unanswered, Unreachable, create, post_surely

STORES = 8
PRODUCTS = 2
WRITE_PAUSE_S = 0.01
READ_PAUSE_S = 0.005


class Acknowledged:
    """The values that the one writer of a store was told, and when. They only rise."""

    def __init__(self) -> None:
        self._values: list[int] = []
        self._times: list[float] = []

    def add(self, value: int) -> None:
        self._times.append(time.monotonic())
        self._values.append(value)  # last: a reader counts the values

    def __len__(self) -> int:
        return len(self._values)

    def missing_since(self, seen: int, owed: int) -> float | None:
        """When the first value was acknowledged that is not seen, of those that are owed; `None` if all are seen."""
        first = bisect_right(self._values, seen, 0, owed)
        return self._times[first] if first < owed else None


class Store:
    def __init__(self, id: int, products: list[int]) -> None:
        self.id = id
        self.positions = Acknowledged()
        self.levels = {product: Acknowledged() for product in products}


@dataclass
class Tally:
    writes: int = 0
    repeats: int = 0
    reads: int = 0
    hits: int = 0
    failed_reads: int = 0
    stale: int = 0
    oldest_stale_ms: float = 0


class Worker(threading.Thread):
    """Reads a store for as long as it is told, by turns as a page and as one level."""

    def __init__(self, store: Store, readers: list[Client], end: float) -> None:
        super().__init__()
        self.store, self.end = store, end
        self.tally = Tally()
        self.examples: list[dict] = []
        self._readers = itertools.cycle(readers)
        self._products = itertools.cycle([None, *store.levels])

    def run(self) -> None:
        while time.monotonic() < self.end:
            self.read()
            time.sleep(READ_PAUSE_S)

    def read(self) -> None:
        product = next(self._products)
        owed_position = len(self.store.positions)
        owed_levels = {product: len(level) for product, level in self.store.levels.items()}
        asked_at = time.monotonic()
        path = f"/stores/{self.store.id}/stock" + (f"/{product}" if product else "")
        try:
            answer = next(self._readers).get(path)
        except Unreachable:
            answer = None
        if answer is None or answer.status != 200:
            self.tally.failed_reads += 1
            return
        self.tally.reads += 1
        self.tally.hits += answer.headers["Cache-Status"] == "khata-redis; hit"
        if product:
            # Its position may be older than the store's: a level stays what it is when others change.
            missing = [self.store.levels[product].missing_since(answer.body["on_hand"], owed_levels[product])]
        else:
            on_hand = {item["product_id"]: item["on_hand"] for item in answer.body["items"]}
            missing = [self.store.positions.missing_since(answer.body["position"], owed_position)] + [
                level.missing_since(on_hand.get(product, 0), owed_levels[product])
                for product, level in self.store.levels.items()
            ]
        ages_ms = [(asked_at - since) * 1_000 for since in missing if since is not None]
        if ages_ms:
            self.tally.stale += 1
            self.tally.oldest_stale_ms = max(self.tally.oldest_stale_ms, *ages_ms)
            self.examples.append({"path": path, "age_ms": max(ages_ms), "cache_status": answer.headers["Cache-Status"]})


class Writer(Worker):
    """Writes to a store through one instance, and reads it through the other as soon as that is acknowledged."""

    def __init__(self, store: Store, writer: Client, readers: list[Client], end: float) -> None:
        super().__init__(store, readers, end)
        self._writer = writer

    def run(self) -> None:
        for product in itertools.cycle(self.store.levels):
            if time.monotonic() >= self.end:
                return
            movement = {"product_id": product, "movement_type": "stock-in", "quantity": 1}
            try:
                answer, repeats = post_surely([self._writer], f"/stores/{self.store.id}/stock", movement)
            except Unanswered:
                continue
            if answer.status != 201:
                raise RuntimeError(f"a movement was refused: {answer.body}")
            self.store.positions.add(answer.body["position"])
            self.store.levels[product].add(answer.body["on_hand"])
            self.tally.writes += 1
            self.tally.repeats += repeats
            self.read()
            time.sleep(WRITE_PAUSE_S)


def main(urls: list[str], key: str, seconds: float) -> None:
    admin = Client(urls[0], key)
    products = create(admin, "product", PRODUCTS)
    stores = [Store(id, products) for id in create(admin, "store", STORES)]
    end = time.monotonic() + seconds
    workers: list[Worker] = []
    for number, store in enumerate(stores):
        own, other = urls[number % 2], urls[1 - number % 2]
        workers.append(Writer(store, Client(own, key), [Client(other, key)], end))
        workers.append(Worker(store, [Client(other, key), Client(own, key)], end))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tallies = [worker.tally for worker in workers]
    figures: dict = {name: sum(getattr(tally, name) for tally in tallies) for name in Tally.__annotations__}
    figures["oldest_stale_ms"] = max(tally.oldest_stale_ms for tally in tallies)
    figures["examples"] = [example for worker in workers for example in worker.examples][:10]
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:3], sys.argv[3], float(sys.argv[4]))
