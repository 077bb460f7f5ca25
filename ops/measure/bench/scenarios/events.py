"""Events through RabbitMQ: what they cost the writes, how fast a backlog is published, and how late an event is."""

from measure.bench.loads.wrk import Rate, Wrk
from measure.bench.results import Baseline, Result
from measure.bench.run import WARM_UP_S
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import QueueShop
from measure.clients.queues import EventCounter
from measure.command import say
from measure.machine.waiting import eventually
from measure.statistics import middle, quantile

CONNECTIONS = 64
WRITES = Wrk("movements.lua", CONNECTIONS, (STORES, PRODUCTS, 1))
# At which it is measured how late events are.
PACED = 2_000
PACED_WRITES = Wrk("movements.lua", 32, (STORES, PRODUCTS, 1, PACED), threads=1)
PATIENCE_S = 120.0


def measure_events(shop: QueueShop) -> list[Result]:
    run = shop.run
    say(f"events: {run.rounds} rounds of {run.seconds} s of each")
    with_events: list[Rate] = []
    without: list[Rate] = []
    published: list[Rate] = []
    with EventCounter(shop.stack.rabbitmq, run.journal) as counter:

        def await_events(since: int) -> None:
            """All movements since then have come."""
            growth = shop.recorded() - since
            eventually("all events have come", lambda: counter.count() >= growth, PATIENCE_S)

        shop.write(WRITES, WARM_UP_S)
        for _ in range(run.rounds):
            # The backlog that this leaves is published after it.
            start = shop.recorded()
            counter.reset()
            with shop.without_queue():
                without.append(shop.write(WRITES, run.seconds))
            shop.instance.start()
            await_events(start)
            backlog = counter.rate()
            start = shop.recorded()
            counter.reset()
            with_events.append(shop.write(WRITES, run.seconds))
            await_events(start)
            start = shop.recorded()
            counter.reset(is_timing=True)
            shop.write(PACED_WRITES, run.seconds)
            await_events(start)
            delays = counter.delays()
            published.append(Rate(backlog, 1_000 * quantile(delays, 0.5), 1_000 * quantile(delays, 0.99)))
    memory_kib = shop.instance.peak_memory_kib()
    return [
        Result(
            "events",
            "events",
            1,
            published,
            memory_kib,
            note=f"a backlog; p50 and p99 from commit to delivery at {PACED} movements/s",
        ),
        Result(
            "beside",
            "movements",
            CONNECTIONS,
            with_events,
            memory_kib,
            Baseline("without", "movements", without),
            note=f"single movements while each becomes an event, beside the same without: p99 "
            f"{middle([rate.p99_ms for rate in without])} ms",
        ),
    ]
