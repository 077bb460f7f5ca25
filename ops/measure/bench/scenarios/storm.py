"""Reads of all stores, while Redis is emptied."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf, isinf

from measure.bench.loads.wrk import Rate, Wrk
from measure.bench.results import Result, hundredths
from measure.bench.run import WARM_UP_S
from measure.bench.scenarios.answers import Answer, Windows, read_answers, windows
from measure.bench.scenarios.query_log import Query, most_at_once, queries_by_store
from measure.bench.seeds import STORES
from measure.bench.shops import PostgresShop
from measure.command import Failed, say
from measure.statistics import middle, quantile

CONNECTIONS = 64
WARM_UP = Wrk("reads.lua", CONNECTIONS, (STORES,))
LIMIT_MS = 10.0


@dataclass(frozen=True)
class Storm:
    """A round."""

    rate: Rate
    before_p99_ms: float
    worst_p99_ms: float
    # Until the p99 stays below the limit.
    recovered_ms: int | None
    database_reads: int
    most_reads_of_one: int
    most_at_once: int


def measure_storm(shop: PostgresShop) -> list[Result]:
    run = shop.run
    say(f"storm: {run.rounds} rounds of {run.seconds} s")
    shop.instance.reset_peak_memory()
    with queries_logged(shop):
        shop.load(WARM_UP, WARM_UP_S)
        storms = [run_storm(shop) for _ in range(run.rounds)]
    return [result(storms, shop.instance.peak_memory_kib())]


def run_storm(shop: PostgresShop) -> Storm:
    run, file = shop.run, shop.run.folder / "answers"
    # Each thread has one connection, so that the script knows when the answer to a request has come.
    load = Wrk("storm.lua", CONNECTIONS, (STORES, str(file)), threads=CONNECTIONS)
    with load.start(shop.khata, run.seconds, run.journal) as reads:
        time.sleep(run.seconds / 2)
        flushed = time.time()
        shop.stack.redis.execute("FLUSHALL")
        reads.outcome()
    logs = [server.process.log for server in (shop.stack.primary, shop.stack.replica)]
    answers = read_answers(file)
    return storm(answers, windows(answers, flushed), list(queries_by_store(logs, flushed).values()))


def storm(answers: Sequence[Answer], windows: Windows, queries: Sequence[Sequence[Query]]) -> Storm:
    """`queries`: of each page that was read from the database."""
    if len(queries) < STORES:
        raise Failed(
            f"after Redis was emptied, the databases' logs show reads of {len(queries)} pages of {STORES}: on a machine as "
            "slow as this one, the rounds have to be longer (--seconds)"
        )
    times_s = sorted(answer.took_s for answer in answers)
    seconds = max(answer.came for answer in answers) - min(answer.came - answer.took_s for answer in answers)
    p50_ms, p99_ms = (round(quantile(times_s, share) * 1_000, 3) for share in (0.5, 0.99))
    return Storm(
        rate=Rate(round(len(answers) / seconds, 1), p50_ms, p99_ms),
        before_p99_ms=round(quantile(sorted(windows.before), 0.5), 3),
        worst_p99_ms=round(max(windows.after), 3),
        recovered_ms=windows.recovered_ms(LIMIT_MS),
        database_reads=sum(map(len, queries)),
        most_reads_of_one=max(map(len, queries)),
        most_at_once=max(map(most_at_once, queries)),
    )


def result(storms: Sequence[Storm], memory_kib: int) -> Result:
    """A round that did not recover counts as the slowest."""
    recovered_ms = middle([inf if each.recovered_ms is None else each.recovered_ms for each in storms])
    before_ms = middle([each.before_p99_ms for each in storms])
    worst_ms = middle([each.worst_p99_ms for each in storms])
    reads = middle([each.database_reads for each in storms])
    reads_of_one = max(each.most_reads_of_one for each in storms)
    at_once = max(each.most_at_once for each in storms)
    others = {
        "before_p99_ms": before_ms,
        "worst_p99_ms": worst_ms,
        "limit_ms": LIMIT_MS,
        "recovered_ms": None if isinf(recovered_ms) else recovered_ms,
        "documents": STORES,
        "database_reads": reads,
        "most_reads_of_one": reads_of_one,
        "most_at_once": at_once,
        "storms": [asdict(each) for each in storms],
    }
    end = (
        f"did not stay below {LIMIT_MS:g} ms"
        if isinf(recovered_ms)
        else f"below {LIMIT_MS:g} ms again after {recovered_ms:g} ms"
    )
    note = (
        f"the p99 of each 100 ms was {hundredths(before_ms)} ms, {hundredths(worst_ms)} ms at worst after the flush, "
        f"and {end}; {reads:g} database reads for {STORES} pages, {reads_of_one} at most of one, {at_once} at once"
    )
    rates = [each.rate for each in storms]
    return Result("storm", "reads", CONNECTIONS, rates, memory_kib, others=others, note=note)


@contextlib.contextmanager
def queries_logged(shop: PostgresShop) -> Iterator[None]:
    """Each with its parameters and its time, in the servers' logs."""
    servers = (shop.stack.primary, shop.stack.replica)
    for server in servers:
        server.set(log_min_duration_statement=0)
    try:
        yield
    finally:
        for server in servers:
            server.set(log_min_duration_statement=-1)
