"""The service on one file of SQLite: movements, and reads of levels with a long and a short history, beside FastAPI."""

from measure.bench.loads.wrk import Rate, Target, Wrk
from measure.bench.results import Baseline, Result
from measure.bench.run import WARM_UP_S
from measure.bench.seeds import PRODUCTS
from measure.bench.shops import HISTORIES, LONG_PRODUCT, SHORT_PRODUCT, SQLiteShop
from measure.command import say
from measure.statistics import medians

CONNECTIONS = 16
WRITES = Wrk("movements.lua", CONNECTIONS, (1, PRODUCTS, 1))
# As fast as the other service can for one client: it commits each movement by itself.
WRITES_OF_ONE = Wrk("movements.lua", 1, (1, PRODUCTS, 1), threads=1)
READS = {"long": LONG_PRODUCT, "short": SHORT_PRODUCT}


def measure_embedded(shop: SQLiteShop) -> list[Result]:
    run, khata, fastapi = shop.run, shop.khata, shop.fastapi.target

    def rate(load: Wrk, target: Target) -> Rate:
        return shop.load(load, run.seconds, target).rate()

    say(f"embedded: {run.rounds} rounds of {run.seconds} s of each")
    shop.instance.reset_peak_memory()
    shop.record(WRITES, WARM_UP_S)
    writes: list[Rate] = []
    writes_of_one: list[Rate] = []
    writes_of_all: list[Rate] = []
    reads: dict[str, list[Rate]] = {name: [] for name in READS}
    reads_there: dict[str, list[Rate]] = {name: [] for name in READS}
    for _ in range(run.rounds):
        writes.append(shop.record(WRITES, run.seconds).rate())
        writes_of_one.append(rate(WRITES_OF_ONE, fastapi))
        writes_of_all.append(rate(WRITES, fastapi))
        for name, product in READS.items():
            load = Wrk("levels.lua", CONNECTIONS, (product,))
            reads[name].append(rate(load, khata))
            reads_there[name].append(rate(load, fastapi))

    memory_kib, versions = shop.instance.peak_memory_kib(), shop.fastapi.versions
    at_once = medians(writes_of_all).per_second
    others = {"versions": versions, "connections": 1, "at_16_connections": at_once}
    baseline = Baseline("FastAPI", "transactions", writes_of_one, others)
    note = f"beside one connection to {versions}, which commits {at_once:.0f}/s at {CONNECTIONS}"
    results = [Result("file", "movements", CONNECTIONS, writes, memory_kib, baseline, note=note)]
    for name, product in READS.items():
        baseline = Baseline("FastAPI", "requests", reads_there[name], {"versions": versions})
        history = {"history": HISTORIES[product]}
        note = f"the level of a product with {HISTORIES[product]} movements"
        results.append(Result(name, "reads", CONNECTIONS, reads[name], memory_kib, baseline, history, note))
    return results
