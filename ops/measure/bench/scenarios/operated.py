"""What it costs that the service is watched and its ledgers compared: the same reads with and without it."""

import contextlib
import threading
import time
from collections.abc import Iterator

from measure.bench.loads.wrk import Rate, Wrk
from measure.bench.results import Baseline, Result
from measure.bench.run import WARM_UP_S
from measure.bench.scenarios.reads import CONNECTIONS, PageReads, read_pages
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import SETTINGS, UNCOMPARED, PostgresShop
from measure.command import Failed, say
from measure.machine.waiting import eventually
from measure.servers.instance import Instance, Samples

ENTRIES = 1_000_000
LINES = 100
SEEDS = Wrk("movements.lua", 16, (STORES, PRODUCTS, LINES))
PLAIN = {**SETTINGS, **UNCOMPARED}
# A line for each request, as a collector takes it, and the ledgers compared all the time.
OPERATED = {**SETTINGS, "LOG_REQUESTS": "1", "LOG_FORMAT": "json"}
SCRAPE_INTERVAL_S = 1
COUNTER = "khata_reconciliation_entries_total"


def measure_operated(shop: PostgresShop) -> list[Result]:
    run = shop.run
    shop.instance.process.stop()
    with shop.served_by("seeded", **PLAIN):
        while shop.recorded() < ENTRIES:
            shop.record(SEEDS, run.seconds, LINES)
    entries, seconds = compare_all(shop, STORES)
    say(f"operated: {run.rounds} rounds of {run.seconds} s")
    plain: list[Rate] = []
    operated = PageReads(shop)
    for _ in range(run.rounds):
        with shop.served_by("plain", **PLAIN):
            read_pages(shop, WARM_UP_S)
            plain.append(read_pages(shop, run.seconds)[0])
        forget_comparisons(shop)
        with shop.served_by("operated", **OPERATED) as instance, scraping(instance):
            before = compared(instance)
            read_pages(shop, WARM_UP_S)
            operated.round()
            if compared(instance) == before:
                raise Failed("no ledger was compared meanwhile")
            memory_kib = instance.peak_memory_kib()
    shop.instance.start()
    note = (
        f"a log line for each read, a scrape a second, and ledgers compared for 5 % of the time; by itself, {entries} "
        f"entries of {STORES} ledgers are compared in {seconds:.1f} s, {entries / seconds:.0f}/s"
    )
    others = {"compared_entries": entries, "comparison_s": round(seconds, 1)}
    baseline = Baseline("unwatched", "reads", plain)
    return [Result("operated", "reads", CONNECTIONS, operated.rates, memory_kib, baseline, others, note)]


def compare_all(shop: PostgresShop, stores: int) -> tuple[int, float]:
    """How many entries, and how long it takes one instance that does not rest."""
    forget_comparisons(shop)
    began = time.monotonic()
    with shop.served_by("comparing", RECONCILIATION_LOAD_PERCENT="100", **SETTINGS) as instance:
        eventually("all ledgers are compared", lambda: not waiting_ledgers(shop, stores), within_s=900, pause_s=0.1)
        return compared(instance), time.monotonic() - began


def waiting_ledgers(shop: PostgresShop, stores: int) -> int:
    return int(
        shop.stack.primary.value(
            f"SELECT {stores} - count(finished_at) FROM reconciliations WHERE part ~ '^ledger:[1-9]'"
        )
        or 0
    )


def forget_comparisons(shop: PostgresShop) -> None:
    shop.stack.primary.execute("UPDATE reconciliations SET finished_at = NULL")


@contextlib.contextmanager
def scraping(instance: Instance) -> Iterator[None]:
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(SCRAPE_INTERVAL_S):
            instance.metrics()

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def compared(instance: Instance) -> int:
    """Entries."""
    return int(Samples(instance.metrics()).sum(COUNTER))
