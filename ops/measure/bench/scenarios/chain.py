"""A chain of thousands of stores beside a few stores with as many products: what takes more of the processor there."""

import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from measure.bench.loads.wrk import Rate, Wrk
from measure.bench.results import Baseline, Result
from measure.bench.run import WARM_UP_S
from measure.bench.scenarios.costs import growth, processor_times
from measure.bench.scenarios.operated import compare_all
from measure.bench.shops import SETTINGS, PostgresShop
from measure.command import Failed, say
from measure.machine.waiting import eventually
from measure.statistics import quantile

FEW, MANY, PRODUCTS = 10, 10_000, 500
CONNECTIONS = 16
# Of each kind that is requested one after the other.
REQUESTS = 200
PARTS = ("khata", "primary", "replica", "redis")
# All pages of 100 levels of all stores.
REDIS_MEMORY = "4gb"
PATIENCE_S = 3_600


@dataclass(frozen=True)
class Sample:
    rate: Rate
    # Seconds of a core for each request, in all parts together.
    processor_s: float


def measure_chain(few: PostgresShop, many: PostgresShop) -> list[Result]:
    shops = {FEW: few, MANY: many}
    for shop in shops.values():
        shop.stack.redis.execute("CONFIG", "SET", "maxmemory", REDIS_MEMORY)
    idle = {stores: background(shop) for stores, shop in shops.items()}
    results = []
    for name, measure in KINDS.items():
        say(f"chain {name}: {few.run.rounds} rounds")
        samples: dict[int, list[Sample]] = {FEW: [], MANY: []}
        for _ in range(few.run.rounds):
            for stores, shop in shops.items():
                samples[stores].append(measure(shop, stores, idle[stores]))
        results.append(result(name, samples, many))
        say(f"   {results[-1].note}")
    return [*results, *warm_and_compare(shops)]


def background(shop: PostgresShop) -> float:
    """What all parts take when nobody asks, of a core."""
    before, began = processor_times(shop, shop.instance), time.monotonic()
    time.sleep(shop.run.seconds)
    return busy(growth(before, processor_times(shop, shop.instance), time.monotonic() - began))


def busy(processor: Mapping[str, float]) -> float:
    return sum(processor[part] for part in PARTS)


def load(script: str, *arguments: int | str) -> Callable[[PostgresShop, int, float], Sample]:
    """Of wrk. `STORES` stands for how many stores there are."""

    def measure(shop: PostgresShop, stores: int, idle: float) -> Sample:
        wrk = Wrk(script, CONNECTIONS, tuple(stores if each == STORES else each for each in arguments))
        shop.load(wrk, WARM_UP_S)
        before, began = processor_times(shop, shop.instance), time.monotonic()
        outcome = shop.load(wrk, shop.run.seconds)
        seconds = time.monotonic() - began
        spent = busy(growth(before, processor_times(shop, shop.instance), seconds)) - idle
        return Sample(outcome.rate(), spent * seconds / outcome.requests)

    return measure


STORES = "stores"


def requests(path: Callable[[int], str]) -> Callable[[PostgresShop, int, float], Sample]:
    """One after the other, of any stores and lengths, so that hardly any is cached. `path`: of a request, with so many
    stores."""

    def measure(shop: PostgresShop, stores: int, idle: float) -> Sample:
        took = []
        with contextlib.closing(shop.connect()) as connection:
            before, began = processor_times(shop, shop.instance), time.monotonic()
            for _ in range(REQUESTS):
                sent, asked = time.monotonic(), path(stores)
                response = connection.get(asked)
                took.append((time.monotonic() - sent) * 1_000)
                if response.status != 200:
                    raise Failed(f"{asked}: {response.status} {response.body[:500]!r}")
            seconds = time.monotonic() - began
            spent = busy(growth(before, processor_times(shop, shop.instance), seconds)) - idle
        took.sort()
        rate = Rate(REQUESTS / seconds, quantile(took, 0.5), quantile(took, 0.99))
        return Sample(rate, spent * seconds / REQUESTS)

    return measure


def store(stores: int) -> str:
    return f"/stores/{random.randint(1, stores)}"


def limit(mean: int = 100) -> str:
    return f"limit={random.randint(mean // 2, mean * 3 // 2)}"


KINDS: dict[str, Callable[[PostgresShop, int, float], Sample]] = {
    "movements": load("movements.lua", STORES, PRODUCTS, 1),
    "cached pages": load("reads.lua", FEW),
    "levels": requests(lambda stores: f"{store(stores)}/stock/{random.randint(1, PRODUCTS)}"),
    "pages": requests(lambda stores: f"{store(stores)}/stock?{limit(300)}"),
    "stores": requests(lambda _: f"/stores?{limit()}"),
    "products": requests(lambda _: f"/products?{limit()}"),
    "ledgers": requests(lambda stores: f"/stock-movements?store_id={random.randint(1, stores)}&{limit()}"),
    "all ledgers": requests(lambda _: f"/stock-movements?{limit()}"),
    "reports": requests(lambda stores: f"/report?store_id={random.randint(1, stores)}&{limit()}"),
    "changes": requests(lambda stores: f"{store(stores)}/changes?{limit()}"),
}


def result(name: str, samples: Mapping[int, Sequence[Sample]], many: PostgresShop) -> Result:
    cost = {stores: median(sample.processor_s for sample in each) for stores, each in samples.items()}
    rates = {stores: [sample.rate for sample in each] for stores, each in samples.items()}
    return Result(
        f"chain {name}",
        "requests",
        CONNECTIONS,
        rates[MANY],
        many.instance.peak_memory_kib(),
        Baseline(f"{FEW} stores", "requests", rates[FEW]),
        {"processor_s": cost[MANY], "processor_s_of_few": cost[FEW]},
        f"{cost[MANY] * 1e6:.0f} us of the processor for each, {cost[FEW] * 1e6:.0f} us with {FEW} stores: "
        f"{cost[MANY] / cost[FEW]:.2f}",
    )


def warm_and_compare(shops: Mapping[int, PostgresShop]) -> list[Result]:
    """All pages of all stores are put into the cache, and all ledgers compared, by one instance each."""
    warmed, compared = {}, {}
    for stores, shop in shops.items():
        say(f"chain: warming the cache, and comparing the ledgers, of {stores} stores")
        shop.stack.redis.execute("FLUSHALL")
        warmed[stores] = warm(shop)
        shop.instance.process.stop()
        compared[stores] = compare_all(shop, stores)
        shop.instance.start()
    return [warming(warmed), comparison(compared, shops[MANY])]


@dataclass(frozen=True)
class Warmed:
    documents: int
    seconds: float
    # For each document.
    processor_s: float
    redis_bytes: float
    memory_kib: int

    @property
    def rate(self) -> Rate:
        return Rate(self.documents / self.seconds, 0, 0)


def warm(shop: PostgresShop) -> Warmed:
    shop.instance.reset_peak_memory()
    memory = float(shop.stack.redis.figure("memory", "used_memory"))
    before, began = processor_times(shop, shop.instance), time.monotonic()
    with contextlib.closing(shop.connect()) as connection:
        location = connection.post("/admin/cache/warm", {}).headers["location"].removeprefix("/api/v1")

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = connection.get(location).json
            return job if job["status"] != "running" else None

        job = eventually("the cache is warm", ended, PATIENCE_S, pause_s=0.1)
    if not job or job["status"] != "done" or job["failed"]:
        raise Failed(f"the cache was not warmed: {job}")
    seconds, documents = time.monotonic() - began, int(job["documents"])
    return Warmed(
        documents,
        seconds,
        busy(growth(before, processor_times(shop, shop.instance), seconds)) * seconds / documents,
        float(shop.stack.redis.figure("memory", "used_memory")) - memory,
        shop.instance.peak_memory_kib(),
    )


def warming(warmed: Mapping[int, Warmed]) -> Result:
    few, many = warmed[FEW], warmed[MANY]
    return Result(
        "chain warming",
        "documents",
        1,
        [many.rate],
        many.memory_kib,
        Baseline(f"{FEW} stores", "documents", [few.rate]),
        {"redis_bytes_per_level": many.redis_bytes / (MANY * PRODUCTS), "documents": many.documents},
        f"{many.documents} documents in {many.seconds:.0f} s, {many.redis_bytes / 2**20:.0f} MiB of Redis; "
        f"{many.processor_s * 1e6:.0f} us of the processor for each, {few.processor_s * 1e6:.0f} us with {FEW} stores",
    )


def comparison(compared: Mapping[int, tuple[int, float]], many: PostgresShop) -> Result:
    rates = {stores: [Rate(entries / seconds, 0, 0)] for stores, (entries, seconds) in compared.items()}
    entries, seconds = compared[MANY]
    return Result(
        "chain comparison",
        "entries",
        1,
        rates[MANY],
        many.instance.peak_memory_kib(),
        Baseline(f"{FEW} stores", "entries", rates[FEW]),
        note=f"{entries} entries of {MANY} ledgers in {seconds:.0f} s",
    )
