"""Compares the dashboard and the alerts with a Prometheus that scrapes a stack at work. Ends with 1 if one has no data."""

import argparse
import time
from pathlib import Path

from measure.chaos.clients.goods import Goods
from measure.command import end_with, existing, run_folder, say
from measure.dashboard.activity import Activity, Receiver
from measure.dashboard.dashboard import Dashboard
from measure.dashboard.prometheus import Prometheus
from measure.machine.waiting import NotInTime, eventually
from measure.places import REPOSITORY
from measure.servers.program import build
from measure.servers.stack import Stack
from measure.servers.template import make_template

DASHBOARD = REPOSITORY / "ops/grafana/khata.json"
RULES = REPOSITORY / "ops/prometheus/khata.rules.yaml"
GOODS = Goods(stores=range(1, 5), products=range(1, 5))
# What the activity makes an instance count.
COUNTED = (
    "khata_document_fills_total",
    "khata_queue_commands_total",
    "khata_webhook_deliveries_total",
    "khata_rate_limit_refusals_total",
    "khata_credentials_refused_total",
)
# The components are looked at every five seconds, and rates are of the last ten.
TIME_LIMIT_S = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="ops/check-dashboard", description=__doc__)
    parser.add_argument("--program", type=Path, metavar="FILE", help="the khata to run (built from this checkout)")
    options = parser.parse_args()
    dashboard = Dashboard(DASHBOARD)
    problems = dashboard.problems()
    if not problems:
        problems = problems_of_queries(dashboard, existing(options.program) if options.program else build())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def problems_of_queries(dashboard: Dashboard, program: Path) -> list[str]:
    started = time.monotonic()
    with run_folder("dashboard") as (folder, journal):
        template = make_template(program, folder / "template", journal, GOODS.catalog())
        with Stack(folder / "stack", program, template, journal, with_queue=True) as stack, Receiver() as receiver:
            instances = stack.serve("a", "b", WEBHOOKS_PLAIN_HTTP="true", WEBHOOKS_ALLOWED_ADDRESSES="127.0.0.1")
            with (
                Prometheus(folder, [each.ops_address for each in instances], RULES, journal) as prometheus,
                Activity(stack, receiver, GOODS) as activity,
            ):
                problems = missing(dashboard, prometheus, activity) + prometheus.problems_of_rules(dashboard.metrics)
                scrape_ms = 1_000 * prometheus.value("max(quantile_over_time(0.5, scrape_duration_seconds[1m]))")
    say(
        f"{len(dashboard.queries)} queries and the alerts: {len(problems)} problems "
        f"({time.monotonic() - started:.0f} s; a scrape takes {scrape_ms:.1f} ms)"
    )
    return problems


def missing(dashboard: Dashboard, prometheus: Prometheus, activity: Activity) -> list[str]:
    """What has no data in time."""
    left = dashboard.queries | {f"a count of {name}": f"sum({name}) > 0" for name in COUNTED}

    def all_have_data() -> bool:
        activity.check()
        for name in [name for name, query in left.items() if prometheus.has_data(query)]:
            del left[name]
        return not left

    try:
        eventually("every query has data", all_have_data, TIME_LIMIT_S, pause_s=1)
    except NotInTime:
        return [f"{name}: no data for {query}" for name, query in left.items()]
    return []


if __name__ == "__main__":
    end_with(main)
