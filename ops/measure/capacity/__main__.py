"""Simulates the service with the costs that `ops/bench costs` has measured: first on the machine where that was, to be compared
with what was seen there, then for chains of shops on machines of their own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from measure.capacity.costs import MEASURED, Costs, Footprints, Sample, costs, footprints, of_kind, read_samples
from measure.capacity.model import WRITE, Deployment, Outcome, Workload, simulate
from measure.capacity.plan import (
    COMPARING_SHARE,
    INSTANCE_CORES,
    NETWORK_S,
    OPEN_S_PER_DAY,
    PRIMARY_CONNECTIONS,
    Chain,
    Plan,
    days_until_comparison_takes_a_day,
    plan,
)
from measure.command import Failed, end_with
from measure.report import markdown_row

# Of the loads of ops/bench.
CLIENTS = 64
STORES = [1_000, 10_000, 100_000]
FITTED_S, PLANNED_S = 5.0, 3.0


def main() -> int:
    options = parse_arguments()
    tables = all_tables(options.costs, options.stores)
    if options.document:
        options.document.write_text(replace_tables(options.document.read_text(), tables))
    else:
        print("\n\n".join("\n".join(table) for table in tables))
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops/capacity", description=__doc__)
    parser.add_argument("stores", nargs="*", type=int, metavar="STORES", default=STORES)
    parser.add_argument("--costs", type=Path, metavar="FILE", default=MEASURED, help="written by ops/bench --json FILE")
    parser.add_argument("--document", type=Path, metavar="FILE", help="put the tables in place of those with the same heads")
    options = parser.parse_args()
    for stores in options.stores:
        if not 1 <= stores <= 1_000_000:
            parser.error(f"{stores} stores: from 1 to 1,000,000 can be simulated")
    return options


def all_tables(path: Path, stores: Sequence[int]) -> list[list[str]]:
    """Their lines."""
    samples, warm = read_samples(path)
    found = costs(samples)
    chains = [Chain(number) for number in stores]
    measured = [sample for sample in samples if sample["kind"] in (WRITE, *found.reads)]
    return [
        table(["µs of a core", *found.writes], cost_rows(found)),
        table(FIT_HEADER, [fit_row(found, sample) for sample in measured]),
        table(MORE_HEADER, more_rows(found)),
        table(["stores", *(f"{chain.stores:,}" for chain in chains)], plan_rows(found, footprints(samples, warm), chains)),
    ]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [markdown_row(header), "|" + "---|" * len(header), *map(markdown_row, rows)]


def replace_tables(document: str, tables: Sequence[Sequence[str]]) -> str:
    """The tables of a document whose heads begin like one of these."""
    lines: list[str] = []
    by_head = {first_cell(table[0]): table for table in tables}
    replaced = None
    for line in document.splitlines():
        if not line.startswith("|"):
            replaced = None
        elif replaced is None and (replaced := by_head.pop(first_cell(line), None)):
            lines += replaced
        if not (line.startswith("|") and replaced):
            lines.append(line)
    if by_head:
        raise Failed(f"the document has no table whose head begins with {' or '.join(by_head)}")
    return "\n".join(lines) + "\n"


def first_cell(line: str) -> str:
    return line.split("|")[1].strip()


def cost_rows(found: Costs) -> list[list[str]]:
    rows = [
        ["a transaction of movements", *(microseconds(cost.transaction) for cost in found.writes.values())],
        ["and for each movement in it", *(microseconds(cost.movement) for cost in found.writes.values())],
    ]
    for kind, text in (("hits", "a cached page of 20"), ("levels", "a level, not cached"), ("pages", "a page of 95, not cached")):
        rows.append([text, *(microseconds(found.reads[kind][part]) for part in found.writes)])
    return [*rows, ["each second, without requests", *(microseconds(share) for share in found.idle.values())]]


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f}"


FIT_HEADER = [
    *("load", "offered/s", "served/s", "simulated", "p50 ms", "simulated", "p99 ms", "simulated"),
    *("movements a transaction", "simulated"),
]


def fit_row(found: Costs, sample: Sample) -> list[str]:
    offered, kind = sample["offered_per_second"], sample["kind"]
    workload = Workload({kind: float(offered)} if offered else {}, clients=CLIENTS, kind=kind)
    machine = Deployment(
        lanes=found.lanes, hop_s=found.hop_s, flush_s=found.flush_s, instance_cores=sample["cores"], is_together=True
    )
    outcome = simulate(found, machine, workload, FITTED_S, kind)
    batches = ["", ""]
    if kind == WRITE:
        batches = [f"{sample['per_second'] / sample['transactions_per_second']:.1f}", batch(outcome)]
    return [
        kind,
        f"{offered:,}" if offered else f"{CLIENTS} clients",
        *(f"{sample['per_second']:,.0f}", f"{outcome.per_second:,.0f}"),
        *(f"{sample['p50_ms']:.1f}", f"{outcome.p50_ms:.1f}"),
        *(f"{sample['p99_ms']:.1f}", f"{outcome.p99_ms:.1f}"),
        *batches,
    ]


def batch(outcome: Outcome) -> str:
    return f"{outcome.per_second / outcome.transactions_per_second:.1f}"


def plan_rows(found: Costs, sizes: Footprints, chains: Sequence[Chain]) -> list[list[str]]:
    plans, outcomes = [], []
    for chain in chains:
        generous = plan(found, sizes, chain)
        outcome = simulated(found, chain, generous)
        plans.append(plan(found, sizes, chain, outcome.per_second / outcome.transactions_per_second))
        outcomes.append(simulated(found, chain, plans[-1]))
    rows: dict[str, list[str]] = {
        "movements a second": [f"{chain.sales:,.0f}" for chain in chains],
        "reads a second": [f"{sum(chain.per_second.values()) - chain.sales:,.0f}" for chain in chains],
        "instances, of 2 cores": [f"{each.instances}" for each in plans],
        "primaries": [f"{each.primaries} of {each.primary_cores} cores" for each in plans],
        "replicas, of 2 cores": [f"{each.replicas}" for each in plans],
        "Redis shards": [f"{each.redis_shards}" for each in plans],
        "with one instance and one replica fewer": ["" for _ in plans],
        **{
            f"– busy: {name}": [f"{100 * outcome.use[part]:.0f} %" for outcome in outcomes]
            for part, name in USED.items()
        },
        "– movements a transaction": [batch(outcome) for outcome in outcomes],
        "– a sale takes, p50 and p99": [f"{outcome.p50_ms:.1f} and {outcome.p99_ms:.1f} ms" for outcome in outcomes],
        "memory of Redis, all stock cached": [gigabytes(each.redis_bytes) for each in plans],
        f"connections to the primary, of {PRIMARY_CONNECTIONS}": [f"{each.primary_connections:.0f}" for each in plans],
        "WAL": [f"{each.wal_bytes_per_s / 1e6:.2f} MB/s" for each in plans],
        "database, grows a day": [
            gigabytes(chain.sales * OPEN_S_PER_DAY * sizes.database_bytes) for chain in chains
        ],
        "a ledger is compared once a day for": [days(chain, COMPARING_SHARE) for chain in chains],
        "the same, with all of a core": [days(chain, 1) for chain in chains],
    }
    return [[name, *cells] for name, cells in rows.items()]


def simulated(found: Costs, chain: Chain, planned: Plan) -> Outcome:
    rates = {kind: rate / planned.primaries for kind, rate in chain.per_second.items()}
    return simulate(found, planned.deployment(found), Workload(rates, is_random=True), PLANNED_S)


MORE_HEADER = ["when", "instances", "cores of each in use", "a request takes, p50"]
SLOW_FLUSH_S = 0.05


def more_rows(found: Costs) -> list[list[str]]:
    """Whether more instances help: with as many reads as keep two of them busy, and with a slow disk of the primary."""
    reads_per_second = 0.9 * 2 * INSTANCE_CORES / found.reads["levels"]["khata"]
    rows = []
    for name, kind, rate, flush_s in (
        (f"{reads_per_second:,.0f} levels/s", "levels", reads_per_second, found.flush_s),
        (f"1,000 movements/s, flushes of {SLOW_FLUSH_S * 1_000:.0f} ms", WRITE, 1_000.0, SLOW_FLUSH_S),
    ):
        for instances in (2, 4):
            deployment = Deployment(
                lanes=found.lanes, hop_s=NETWORK_S, flush_s=flush_s, instances=instances, replicas=8, primary_cores=8
            )
            outcome = simulate(found, deployment, Workload({kind: rate}, is_random=True), PLANNED_S, kind)
            cores = outcome.use["khata"] * INSTANCE_CORES
            rows.append([name, str(instances), f"{cores:.2f}", f"{outcome.p50_ms:.1f} ms"])
    return rows


USED = {"khata": "an instance", "primary": "the primary", "replica": "a replica", "redis": "Redis"}


def gigabytes(number: float) -> str:
    return f"{number / 1e9:,.1f} GB"


def days(chain: Chain, share: float) -> str:
    found = days_until_comparison_takes_a_day(chain, share)
    return f"{found:,.0f} days of history" if found >= 1 else "less than a day"


if __name__ == "__main__":
    end_with(main)
