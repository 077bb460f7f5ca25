"""All scenarios, in the order in which they run."""

from collections.abc import Callable
from dataclasses import dataclass

from measure.bench.results import Result
from measure.bench.scenarios.attacks import measure_attacks
from measure.bench.scenarios.chain import FEW, MANY, measure_chain
from measure.bench.scenarios.chain import PRODUCTS as CHAIN_PRODUCTS
from measure.bench.scenarios.commands import measure_commands
from measure.bench.scenarios.costs import measure_costs
from measure.bench.scenarios.embedded import measure_embedded
from measure.bench.scenarios.events import measure_events
from measure.bench.scenarios.feed import measure_feed
from measure.bench.scenarios.operated import ENTRIES, measure_operated
from measure.bench.scenarios.reads import measure_mixed, measure_reads
from measure.bench.scenarios.storm import measure_storm
from measure.bench.scenarios.writes import measure_writes
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import PostgresShop, QueueShop, SQLiteShop


@dataclass(frozen=True)
class Scenario:
    name: str
    text: str


@dataclass(frozen=True)
class OnPostgres(Scenario):
    measure: Callable[[PostgresShop], list[Result]]


@dataclass(frozen=True)
class OnChains(Scenario):
    """A few stores, and many."""

    measure: Callable[[PostgresShop, PostgresShop], list[Result]]


@dataclass(frozen=True)
class OnQueue(Scenario):
    measure: Callable[[QueueShop], list[Result]]


@dataclass(frozen=True)
class OnSQLite(Scenario):
    measure: Callable[[SQLiteShop], list[Result]]


SCENARIOS: list[OnPostgres | OnChains | OnQueue | OnSQLite] = [
    OnPostgres(
        "single",
        f"single movements over HTTP, 64 connections, {STORES} stores x {PRODUCTS} products; beside pgbench, 16 "
        "clients, a prepared transaction for each movement on the same server",
        measure_writes("single", 64, STORES, PRODUCTS),
    ),
    OnPostgres(
        "hot",
        "the same, all on one product of one store, beside pgbench on one row",
        measure_writes("hot", 64, 1, 1),
    ),
    OnPostgres(
        "batch",
        "batches of 100 movements, 16 connections",
        measure_writes("batch", 16, STORES, PRODUCTS, lines=100),
    ),
    OnPostgres(
        "reads",
        "cached pages of 20 products of 50 stores, 64 connections, with the API key; beside nginx, 2 workers, which "
        "asks for no key and serves the bytes of the same answers as files",
        measure_reads,
    ),
    OnPostgres(
        "mixed",
        "the same reads, while 500 movements/s to these stores outdate what is cached of them",
        measure_mixed,
    ),
    OnPostgres(
        "storm",
        f"reads of {STORES} stores, 64 connections; in the middle of the round Redis is emptied. How long until the "
        "99th percentile of each 100 ms stays below 10 ms again, and how often the database is read, and at once, for "
        "one page",
        measure_storm,
    ),
    OnPostgres(
        "attacks",
        "reads of 8 connections, each with 1 ms between two, beside 5,000 slow clients, 1,000 new ones a second, and "
        "beside 200 clients with wrong passwords; and, because these take from the machine what the reads then lack, "
        "beside the same clients of nginx, with another process that hashes as much",
        measure_attacks,
    ),
    OnPostgres(
        "operated",
        "the same reads with a log line for each, a scrape of the metrics a second and ledgers compared in the background, "
        f"beside the service without them; and how fast {ENTRIES} entries are compared",
        measure_operated,
    ),
    OnPostgres(
        "costs",
        "what a movement, a cached page, a level and a page that are not cached take of the processor in each part of the "
        "service, of WAL and of Redis, from little load to as much as possible: ops/capacity calculates with it",
        measure_costs,
    ),
    OnChains(
        "chain",
        f"{MANY} stores beside {FEW}, all with {CHAIN_PRODUCTS} products: what requests take of the processor, how the cache is "
        "warmed and ledgers are compared. Loading takes minutes, and 10 GB of the disk",
        measure_chain,
    ),
    OnQueue(
        "events",
        "events through RabbitMQ, one listener: how fast a backlog is published, how late events are at 2,000 movements/s; "
        "and single movements, 64 connections, beside the same by an instance without a broker",
        measure_events,
    ),
    OnQueue(
        "commands",
        "movements through RabbitMQ: as many as are answered with 2,000 pending at a time, and how long each takes from "
        "publication to outcome at 3,000/s",
        measure_commands,
    ),
    OnSQLite(
        "feed",
        "10,000 idle readers of the change feed, each a stream of Server-Sent Events: the memory of the service on one file "
        "of SQLite, and how soon one change is with all of them",
        measure_feed,
    ),
    OnSQLite(
        "embedded",
        "the service on one file of SQLite, 16 connections: movements (file), and reads of the level of a product with "
        "10,000 movements (long) and with 100 (short); beside FastAPI on uvicorn, one process on a file with SQLite's "
        "default journal, an INSERT and commit for each movement of one client, and a sum over the product's history "
        "for each read",
        measure_embedded,
    ),
]
