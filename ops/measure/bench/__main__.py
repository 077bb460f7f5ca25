"""Measures Khata beside what does the least that would do, on servers of its own, which are removed afterwards. Rounds of
both alternate, so that whatever else the machine does hits both; the figures are medians of the rounds.

The load, the service and its servers share the machine: what the load costs, the service does not get. wrk closes the
loop: a connection asks again when it has its answer. How many reads were hits is that of a sample of 100 reads/s."""

import argparse
import os
import textwrap
from collections.abc import Sequence

from measure.bench.catalog import CHAIN_PRODUCTS, FEW, MANY, SCENARIOS, OnChains, OnPostgres, OnQueue, OnSQLite
from measure.bench.results import Result, table
from measure.bench.run import Run
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import PostgresShop, QueueShop, chain_shop, postgres_shop, sqlite_shop
from measure.command import add_options, end_with, program, run_folder
from measure.report import write_json


def main() -> int:
    options = parse_arguments()
    chosen = [each for each in SCENARIOS if each.name in options.scenarios or not options.scenarios]
    found = program(options)
    with run_folder("bench") as (folder, journal):
        run = Run(options.seconds, options.rounds, found, folder, journal)
        results, machine = run_all(run, chosen)
    write_json(
        options.json,
        machine,
        seconds=run.seconds,
        rounds=run.rounds,
        stores=STORES,
        products=PRODUCTS,
        scenarios=[result.json for result in results],
    )
    print(table(results))
    print(
        f"medians of {run.rounds} rounds of {run.seconds} s, with the load on the same {os.cpu_count()} processors; "
        f"figures in {options.json}"
    )
    return 0


def run_all(run: Run, scenarios: Sequence[OnPostgres | OnChains | OnQueue | OnSQLite]) -> tuple[list[Result], dict[str, str]]:
    """One shop at a time, so that none takes anything from the other. Also returns what there is to say of it."""
    results: list[Result] = []
    machine = {}
    if on_postgres := [each.measure for each in scenarios if isinstance(each, OnPostgres)]:
        with postgres_shop(run, PostgresShop) as postgres:
            machine["postgres"] = postgres.stack.primary.value("SHOW server_version") or ""
            results += [result for measure in on_postgres for result in measure(postgres)]
    if on_chains := [each.measure for each in scenarios if isinstance(each, OnChains)]:
        with (
            chain_shop(run, FEW, CHAIN_PRODUCTS) as few,
            chain_shop(run, MANY, CHAIN_PRODUCTS) as many,
        ):
            results += [result for measure in on_chains for result in measure(few, many)]
    if on_queue := [each.measure for each in scenarios if isinstance(each, OnQueue)]:
        with postgres_shop(run, QueueShop) as queue:
            machine["rabbitmq"] = queue.stack.rabbitmq.control("version").strip()
            results += [result for measure in on_queue for result in measure(queue)]
    if on_sqlite := [each.measure for each in scenarios if isinstance(each, OnSQLite)]:
        with sqlite_shop(run) as sqlite:
            results += [result for measure in on_sqlite for result in measure(sqlite)]
    return results, machine


def parse_arguments() -> argparse.Namespace:
    names = [each.name for each in SCENARIOS]
    texts = [textwrap.fill(f"  {each.name:8} {each.text}", 110, subsequent_indent=" " * 11) for each in SCENARIOS]
    parser = argparse.ArgumentParser(
        prog="ops/bench",
        description=__doc__,
        epilog="\n".join(["scenarios:", *texts]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="all, if none is named")
    parser.add_argument("--seconds", type=positive, metavar="N", default=10, help="length of a round (10)")
    parser.add_argument("--rounds", type=positive, metavar="N", default=3, help="rounds of each (3)")
    add_options(parser, "bench.json")
    options = parser.parse_args()
    for name in options.scenarios:
        if name not in names:
            parser.error(f"there is no scenario '{name}'")
    return options


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


if __name__ == "__main__":
    end_with(main)
