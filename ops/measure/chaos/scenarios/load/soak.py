"""Row 15: half an hour at 70 % of what the machine can do. What instances hold does not grow."""

import json
import time
from collections import Counter
from dataclasses import dataclass

from measure.chaos.checks.afterwards import check_alive, check_books
from measure.chaos.clients.goods import ALL, level_path, name_path, product_name, stock_path
from measure.chaos.history import Level
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.http import Connection
from measure.clients.load import NUMBER, Load, Outcome
from measure.servers.instance import Footprint
from measure.servers.stack import Stack
from measure.statistics import quantile, slope

SHARE = 0.7
CLIENTS = 16
# What instances warm up for is not growth: this share of the time does not count.
WARMING = 1 / 3
# Of what is flat, by the hour.
MEMORY_MIB_H = 32.0
DESCRIPTORS_H = 20.0
HOUR_S = 3_600.0


@dataclass(frozen=True)
class Sample:
    moment: float
    footprints: dict[str, Footprint]


def messages(connection: Connection) -> list[bytes]:
    """Nine reads for each movement."""
    found = []
    for number in range(400):
        store, product = 1 + number % len(ALL.stores), 1 + number // 7 % len(ALL.products)
        paths = [
            *(level_path(Level(store, product)), f"{stock_path(store)}?limit={50 + product}"),
            *(name_path(product), f"/stock-movements?store_id={store}&limit=5", f"/products?q={product_name(1)[:3]}"),
        ]
        if number % 10 == 0:
            line = {
                **{"store_id": store, "product_id": product, "movement_type": "stock-in"},
                **{"quantity": 1, "reference": f"load-{NUMBER}"},
            }
            found.append(connection.message("POST", "/stock-movements", json.dumps(line).encode()))
        else:
            found.append(connection.message("GET", paths[number % len(paths)]))
    return found


def run(testbed: Testbed) -> Verdict:
    verdict = Verdict()
    with testbed.stack() as stack:
        stack.serve("a", "b")
        usual = [load.outcome() for load in loads(testbed, stack, [None, None], testbed.pick(3.0, 20.0))]
        rates: list[float | None] = [SHARE * outcome.rate() for outcome in usual]
        seconds = testbed.seconds(8, 1_800)
        began = time.monotonic()
        under_way = loads(testbed, stack, rates, seconds)
        samples = []
        while time.monotonic() < began + seconds:
            samples.append(sample(stack))
            time.sleep(seconds / 180 + 0.1)
        judge(verdict, [load.outcome() for load in under_way], rates)
        judge_growth(verdict, [each for each in samples if each.moment > began + WARMING * seconds], testbed.is_long)
        check_books(stack, verdict)
        check_alive(stack, verdict)
    return verdict


def loads(testbed: Testbed, stack: Stack, rates: list[float | None], seconds: float) -> list[Load]:
    """One for each instance; as fast as it answers, if there is no rate."""
    return [
        Load(
            connection,
            messages(connection),
            testbed.journal,
            seconds=seconds,
            **({"clients": CLIENTS} if rate is None else {"rate": rate, "maximum": 4 * CLIENTS, "waits": True}),
        )
        for rate, connection in zip(rates, stack.connect().values(), strict=True)
    ]


def judge(verdict: Verdict, outcomes: list[Outcome], rates: list[float | None]) -> None:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts())
    failed = {name: count for name, count in counts.items() if not name.startswith("2")}
    times = sorted(seconds for outcome in outcomes for seconds in outcome.times("2"))
    verdict.note(
        seconds_of_load=outcomes[0].seconds,
        a_second=round(sum(rate or 0 for rate in rates)),
        requests=counts.total(),
        ms_p99=round(quantile(times, 0.99) * 1_000, 1),
        errors=sum(failed.values()),
    )
    verdict.must(not failed, f"requests failed: {failed}")


def judge_growth(verdict: Verdict, samples: list[Sample], is_long: bool) -> None:
    """By the hour, of the instance that grows most. In seconds, nothing is seen of it."""
    moments = [each.moment for each in samples]
    names = samples[0].footprints
    memory = {name: slope(moments, [each.footprints[name].memory_mib for each in samples]) for name in names}
    descriptors = {name: slope(moments, [each.footprints[name].descriptors for each in samples]) for name in names}
    last = samples[-1].footprints.values()
    verdict.note(
        MiB_at_the_end=round(max(each.memory_mib for each in last)),
        descriptors_at_the_end=max(each.descriptors for each in last),
    )
    if is_long:
        memory_h, descriptors_h = (max(each.values()) * HOUR_S for each in (memory, descriptors))
        verdict.note(
            **{"MiB more by the hour": round(memory_h, 1), "descriptors more by the hour": round(descriptors_h, 1)}
        )
        verdict.must(memory_h <= MEMORY_MIB_H, f"memory grows by {memory_h:.0f} MiB an hour")
        verdict.must(descriptors_h <= DESCRIPTORS_H, f"descriptors grow by {descriptors_h:.0f} an hour")


def sample(stack: Stack) -> Sample:
    return Sample(time.monotonic(), {name: each.footprint() for name, each in stack.instances.items()})


SCENARIOS = [
    Scenario(15, "soak", "70 % of the load that the machine can take, for long", run, is_alone=True),
]
