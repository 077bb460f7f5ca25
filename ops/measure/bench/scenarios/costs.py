"""What a request costs each part of the service, at several loads: what ops/capacity calculates with."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from measure.bench.loads.wrk import Outcome, Rate, Wrk
from measure.bench.results import Result
from measure.bench.run import WARM_UP_S
from measure.bench.scenarios.writes import probe
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import PAGE_STORES, SETTINGS, UNCOMPARED, PostgresShop
from measure.command import Failed, say
from measure.machine.processor_time import ended_children_s, processor_time_s
from measure.servers.instance import Instance, Samples
from measure.statistics import medians

CONNECTIONS = 64
# Which share of reads is from the cache: of those that should be, and of those that should not.
LEAST_HITS = 0.9
MOST_HITS = {"levels": 0.1, "pages": 0.1}


@dataclass(frozen=True)
class Load:
    # What ops/capacity calls it.
    kind: str
    # None: nobody asks for anything.
    wrk: Wrk | None
    # Requests a second; as many as are answered, if none.
    rate: int | None = None

    @property
    def name(self) -> str:
        return f"costs {self.rate}/s" if self.rate else "costs" if self.wrk else "costs idle"


def at(kind: str, rate: int, script: str, *arguments: int | str) -> Load:
    return Load(kind, Wrk(script, CONNECTIONS, (*arguments, rate), threads=1), rate)


EVERYTHING = Wrk("movements.lua", CONNECTIONS, (STORES, PRODUCTS, 1))
LOADS = [
    Load("idle", None),
    *(at("movements", rate, "movements.lua", STORES, PRODUCTS, 1) for rate in (250, 1_000, 2_000, 4_000)),
    Load("movements", EVERYTHING),
    at("hits", 2_000, "steady.lua", PAGE_STORES),
    Load("hits", Wrk("reads.lua", CONNECTIONS, (PAGE_STORES,))),
    at("levels", 1_000, "scattered.lua", "levels", STORES, PRODUCTS),
    at("pages", 300, "scattered.lua", "pages", STORES, PRODUCTS),
]


def measure_costs(shop: PostgresShop) -> list[Result]:
    shop.instance.process.stop()
    with shop.served_by("costs", **SETTINGS, **UNCOMPARED) as instance:
        results = measure_all(shop, instance)
    shop.instance.start()
    return results


def measure_all(shop: PostgresShop, instance: Instance) -> list[Result]:
    run = shop.run
    probe(shop)
    # How long the primary waits for the disk.
    shop.stack.primary.set(track_wal_io_timing="on")
    # After a checkpoint, each page is in the WAL as a whole when it is changed for the first time: what is measured is what
    # comes after that.
    shop.checkpoint()
    shop.record(EVERYTHING, run.seconds)
    say(f"costs: {run.rounds} rounds of {run.seconds} s of {len(LOADS)} loads")
    rounds = [[measured(shop, instance, load) for load in LOADS] for _ in range(run.rounds)]
    shop.stack.primary.reset("track_wal_io_timing")
    return [result(load, [each[number] for each in rounds]) for number, load in enumerate(LOADS)]


@dataclass(frozen=True)
class Sample:
    rate: Rate
    memory_kib: int
    # A second, but for those with another unit in their names.
    figures: Mapping[str, float]


def measured(shop: PostgresShop, instance: Instance, load: Load) -> Sample:
    if load.wrk:
        ask(shop, load, load.wrk, WARM_UP_S)
    instance.reset_peak_memory()
    counted, took = counts(shop, instance), processor_times(shop, instance)
    began = time.monotonic()
    if load.wrk:
        rate = ask(shop, load, load.wrk, shop.run.seconds).rate()
    else:
        time.sleep(shop.run.seconds)
        rate = Rate(0, 0, 0)
    seconds = time.monotonic() - began
    figures = growth(took, processor_times(shop, instance), seconds)
    figures |= growth(counted, counts(shop, instance), seconds)
    probe_hits(load, figures["document_hits"] / rate.per_second if load.wrk else 0)
    return Sample(rate, instance.peak_memory_kib(), figures | levels(shop, instance))


def probe_hits(load: Load, share: float) -> None:
    """On a machine that is too busy with other things, the cache is not trusted all the time."""
    if (load.kind == "hits" and share < LEAST_HITS) or share > MOST_HITS.get(load.kind, 1):
        raise Failed(f"{load.name} {load.kind}: {100 * share:.0f} % of the reads were hits: is the machine busy?")


def ask(shop: PostgresShop, load: Load, wrk: Wrk, seconds: int) -> Outcome:
    return shop.record(wrk, seconds) if load.kind == "movements" else shop.load(wrk, seconds)


def growth(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> dict[str, float]:
    return {name: (after[name] - before[name]) / seconds for name in before}


def processor_times(shop: PostgresShop, instance: Instance) -> dict[str, float]:
    stack = shop.stack
    processes = {
        "khata": instance.process,
        "primary": stack.primary.process,
        "replica": stack.replica.process,
        "redis": stack.redis.process,
    }
    return {**{name: processor_time_s(each.pid) for name, each in processes.items()}, "load": ended_children_s()}


def counts(shop: PostgresShop, instance: Instance) -> dict[str, float]:
    stack, metrics = shop.stack, Samples(instance.metrics())
    [(wal_bytes, syncs, sync_ms, database_bytes)] = stack.primary.execute(
        "SELECT pg_current_wal_lsn() - '0/0', wal_sync, wal_sync_time, pg_database_size(current_database()) "
        "FROM pg_stat_wal"
    )
    return {
        "wal_bytes": float(wal_bytes or 0),
        "wal_syncs": float(syncs or 0),
        "wal_sync_ms": float(sync_ms or 0),
        "database_bytes": float(database_bytes or 0),
        "transactions": metrics.sum("khata_commit_commands_count"),
        "commit_s": metrics.sum("khata_commit_duration_seconds_sum"),
        "document_hits": metrics.sum("khata_document_reads_total", result="hit"),
        "document_loads": metrics.sum("khata_document_loads_total"),
        "redis_commands": float(stack.redis.figure("stats", "total_commands_processed")),
        "redis_input_bytes": float(stack.redis.figure("stats", "total_net_input_bytes")),
        "redis_output_bytes": float(stack.redis.figure("stats", "total_net_output_bytes")),
    }


def levels(shop: PostgresShop, instance: Instance) -> dict[str, float]:
    """What does not grow with time."""
    stack, metrics = shop.stack, Samples(instance.metrics())
    connected = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'khata_serve'"
    return {
        "lanes": metrics.count("khata_waiting_movements") - 1,
        "primary_connections": float(stack.primary.value(connected) or 0),
        "replica_connections": float(stack.replica.value(connected) or 0),
        "redis_memory_bytes": float(stack.redis.figure("memory", "used_memory")),
        "redis_keys": float(str(stack.redis.execute("DBSIZE"))),
    }


def result(load: Load, samples: Sequence[Sample]) -> Result:
    rates = [sample.rate for sample in samples]
    figures = {name: median([sample.figures[name] for sample in samples]) for name in samples[0].figures}
    memory_kib = max(sample.memory_kib for sample in samples)
    others = as_json(load, medians(rates).per_second, figures)
    return Result(load.name, load.kind, CONNECTIONS, rates, memory_kib, others=others, note=note(others))


def as_json(load: Load, per_second: float, figures: Mapping[str, float]) -> dict[str, Any]:
    processor = {part: figures[part] for part in ("khata", "primary", "replica", "redis", "load")}
    levels = {
        name: figures[name]
        for name in ("lanes", "primary_connections", "replica_connections", "redis_memory_bytes", "redis_keys")
    }
    rest = {name: value for name, value in figures.items() if name not in {*processor, *levels}}
    return {
        "kind": load.kind,
        "offered_per_second": load.rate,
        "per_second": per_second,
        "cores": os.cpu_count(),
        # Seconds of a core in each second.
        "processor": processor,
        "flush_ms": figures["wal_sync_ms"] / figures["wal_syncs"] if figures["wal_syncs"] else 0,
        **{f"{name}_per_second": value for name, value in rest.items()},
        **levels,
    }


def note(others: Mapping[str, Any]) -> str:
    """Of each request, or of each second without any."""
    per_second = others["per_second"] or 1
    unit = "us of each" if others["per_second"] else "us/s"
    parts = ", ".join(f"{name} {value / per_second * 1e6:.0f}" for name, value in others["processor"].items())
    batches = ""
    if others["kind"] == "movements":
        batches = (
            f"; {per_second / others['transactions_per_second']:.1f} movements a transaction, "
            f"{others['wal_bytes_per_second'] / per_second:.0f} bytes of WAL"
        )
    return f"{unit}: {parts}{batches}"
