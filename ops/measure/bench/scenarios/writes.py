"""Movements over HTTP, beside pgbench."""

import contextlib
from collections.abc import Callable

from measure.bench.baselines.pgbench import PgbenchRate
from measure.bench.loads.wrk import Rate, Wrk
from measure.bench.results import Baseline, Result
from measure.bench.run import WARM_UP_S
from measure.bench.shops import PostgresShop
from measure.command import Failed, say


def measure_writes(
    name: str, connections: int, stores: int, products: int, lines: int = 1
) -> Callable[[PostgresShop], list[Result]]:
    """`lines`: of each request. With batches, pgbench has nothing to compare."""
    load = Wrk("movements.lua", connections, (stores, products, lines))

    def measure(shop: PostgresShop) -> list[Result]:
        run = shop.run
        probe(shop)
        pgbench = shop.pgbench if lines == 1 else None

        def write(seconds: int) -> Rate:
            shop.checkpoint()
            return shop.record(load, seconds, lines).rate(lines)

        say(f"{name}: {run.rounds} rounds of {run.seconds} s")
        shop.instance.reset_peak_memory()
        write(WARM_UP_S)
        if pgbench:
            pgbench.run(WARM_UP_S, stores, products)
        ours: list[Rate] = []
        theirs: list[PgbenchRate] = []
        for _ in range(run.rounds):
            ours.append(write(run.seconds))
            if pgbench:
                theirs.append(pgbench.run(run.seconds, stores, products))
        baseline = Baseline("pgbench", "transactions", theirs) if theirs else None
        return [Result(name, "movements", connections, ours, shop.instance.peak_memory_kib(), baseline)]

    return measure


def probe(shop: PostgresShop) -> None:
    """wrk counts statuses from 400 up; that the rest are 201 (200 for a batch, all lines recorded) is seen here."""
    sale = {"store_id": 1, "product_id": 1, "movement_type": "sale", "quantity": 1}
    with contextlib.closing(shop.connect()) as connection:
        connection.post_all([("/stock-movements", sale)], 201)
        answer = connection.post("/stock-movements/batch", {"movements": [sale, sale]})
    if answer.status != 200 or [line["status"] for line in answer.json["results"]] != [201, 201]:
        raise Failed(f"a batch was not recorded: {answer.status} {answer.body[:500]!r}")
