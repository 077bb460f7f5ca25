"""Thousands of idle readers of the change feed: what they take, and how soon a change is with all of them."""

import contextlib
import time

from measure.bench.loads.wrk import Rate
from measure.bench.results import Result
from measure.bench.shops import SQLiteShop
from measure.clients import feed_readers_process
from measure.command import say
from measure.machine.child import Steered
from measure.statistics import middle, quantile

READERS = 10_000


def measure_feed(shop: SQLiteShop) -> list[Result]:
    run, instance = shop.run, shop.instance
    say(f"feed: {READERS} readers, {run.rounds} rounds")
    before = instance.footprint().memory_mib
    order = {"address": shop.khata.address, "key": shop.khata.key, "count": READERS}
    rounds: list[Rate] = []
    with (
        Steered(feed_readers_process, order, run.journal) as readers,
        contextlib.closing(shop.connect()) as connection,
    ):
        readers.receive()
        idle = instance.footprint().memory_mib
        for _ in range(run.rounds):
            connection.post_all(
                [("/stores/1/stock", {"product_id": 1, "quantity": 1, "movement_type": "stock-in"})], 201
            )
            told = time.monotonic()
            delays = [moment - told for moment in readers.do("delays")]
            per_second = READERS / max(delays[-1], 1e-3)
            rounds.append(Rate(round(per_second, 1), 1_000 * quantile(delays, 0.5), 1_000 * quantile(delays, 0.99)))
        after = instance.footprint().memory_mib
    note = (
        f"deliveries of one change to {READERS} idle streams, p50 and p99 after its response; {idle:.0f} MiB while they "
        f"wait, {before:.0f} before they came, {after:.0f} after {run.rounds} changes"
    )
    others = {"memory_mib": {"before": middle([before]), "idle": middle([idle]), "after": middle([after])}}
    return [Result("feed", "deliveries", READERS, rounds, round(idle * 1024), others=others, note=note)]
