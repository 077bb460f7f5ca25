"""Pages of stock that are cached: alone, beside nginx, and while movements outdate them."""

import contextlib
from dataclasses import dataclass, field

from measure.bench.loads import page_sampler
from measure.bench.loads.wrk import Rate, Target, Wrk
from measure.bench.results import Baseline, Result, hundredths
from measure.bench.run import WARM_UP_S
from measure.bench.shops import PAGE_PRODUCTS, PAGE_STORES, PostgresShop
from measure.command import Failed, say
from measure.machine.child import Task
from measure.statistics import medians, middle

CONNECTIONS = 64
PAGES = Wrk("reads.lua", CONNECTIONS, (PAGE_STORES,))
# To the same pages, in the scenario with writes.
WRITES_PER_SECOND = 500
WRITES = Wrk("movements.lua", 16, (PAGE_STORES, PAGE_PRODUCTS, 1, WRITES_PER_SECOND), threads=1)


@dataclass
class Sample:
    """Of pages that were read beside a load."""

    hits: int = 0
    others: int = 0

    @property
    def total(self) -> int:
        return self.hits + self.others

    @property
    def hit_share(self) -> float:
        return self.hits / self.total

    @property
    def note(self) -> str:
        return f"{hundredths(100 * self.hit_share)} % of {self.total} sampled answers were hits"


@dataclass
class PageReads:
    """The rounds of a scenario."""

    shop: PostgresShop
    rates: list[Rate] = field(default_factory=list)
    sample: Sample = field(default_factory=Sample)

    def prepare(self) -> None:
        self.shop.instance.reset_peak_memory()
        read_pages(self.shop, WARM_UP_S)
        probe(self.shop)

    def round(self) -> None:
        rate, sample = read_pages(self.shop, self.shop.run.seconds)
        self.rates.append(rate)
        self.sample.hits += sample.hits
        self.sample.others += sample.others

    def result(self, name: str, note: str, baseline: Baseline | None = None, **others: float) -> Result:
        sampled = {"sampled_reads": self.sample.total, "hit_share": self.sample.hit_share}
        return Result(
            name,
            "reads",
            CONNECTIONS,
            self.rates,
            self.shop.instance.peak_memory_kib(),
            baseline,
            {**sampled, **others},
            note,
        )


def measure_reads(shop: PostgresShop) -> list[Result]:
    run, reads = shop.run, PageReads(shop)
    nginx = shop.nginx
    say(f"reads: {run.rounds} rounds of {run.seconds} s")
    reads.prepare()
    read_pages(shop, WARM_UP_S, nginx)
    rates = []
    for _ in range(run.rounds):
        reads.round()
        rates.append(read_pages(shop, run.seconds, nginx)[0])
    rate = medians(rates)
    note = f"{reads.sample.note}; nginx: p50 {hundredths(rate.p50_ms)} ms, p99 {hundredths(rate.p99_ms)} ms"
    return [reads.result("reads", note, Baseline("nginx", "requests", rates))]


def measure_mixed(shop: PostgresShop) -> list[Result]:
    run, reads = shop.run, PageReads(shop)
    say(f"mixed: {run.rounds} rounds of {run.seconds} s")
    reads.prepare()
    writes = []
    for _ in range(run.rounds):
        shop.checkpoint()
        before = shop.recorded()
        with WRITES.start(shop.khata, run.seconds, run.journal) as writer:
            reads.round()
            writer.outcome()
        writes.append((shop.recorded() - before) / run.seconds)
    beside = middle(writes)
    note = f"beside {beside:.0f} movements/s; {reads.sample.note}"
    return [reads.result("mixed", note, movements_per_second_beside=beside)]


def read_pages(shop: PostgresShop, seconds: int, target: Target | None = None) -> tuple[Rate, Sample]:
    """`target`: if not the service. The sample is taken there, too, for what it costs."""
    asked = target or shop.khata
    order = {
        "address": asked.address,
        "key": asked.key,
        "stores": PAGE_STORES,
        "products": PAGE_PRODUCTS,
        "seconds": seconds,
    }
    with Task(page_sampler, order, shop.run.journal, has_own_session=False) as sampler:
        rate = shop.load(PAGES, seconds, asked).rate()
        return rate, Sample(**sampler.found(timeout_s=seconds + 60))


def probe(shop: PostgresShop) -> None:
    """After a warm-up: what is measured are cached pages of 20 products."""
    with contextlib.closing(shop.connect()) as connection:
        page = connection.get(f"/stores/1/stock?limit={PAGE_PRODUCTS}")
    if page.status != 200 or page.headers.get("cache-status") != "khata-redis; hit":
        raise Failed(f"after the warm-up, a page is not cached: {page.status} {page.headers}")
    if len(page.json["items"]) != PAGE_PRODUCTS:
        raise Failed(f"a page has not {PAGE_PRODUCTS} products: {page.body[:500]!r}")
