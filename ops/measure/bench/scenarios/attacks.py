"""Reads while others attack; and, to tell what an attack itself takes from the machine, while the same clients attack
nginx."""

import contextlib
from collections import defaultdict
from types import ModuleType
from typing import Any

from measure.bench.attackers import password_hashing, slow_clients, wrong_logins
from measure.bench.loads.wrk import Rate, Target, Wrk
from measure.bench.results import Result, figures, hundredths
from measure.bench.run import WARM_UP_S
from measure.bench.scenarios.reads import probe, read_pages
from measure.bench.shops import PAGE_STORES, PostgresShop
from measure.command import Failed, say
from measure.machine.child import Task
from measure.statistics import medians

CONNECTIONS = 8
# Each pauses for so many milliseconds after each read.
PAUSE_MS = 1
READS = Wrk("paced.lua", CONNECTIONS, (PAGE_STORES, PAUSE_MS), threads=1)

SLOW_CLIENTS, SLOW_CLIENTS_PER_SECOND = 5_000, 1_000
# In which each has to be cut off.
CUT_S = 15
# Until all have had that.
SLOW_S = SLOW_CLIENTS // SLOW_CLIENTS_PER_SECOND + CUT_S
WRONG_LOGINS = 200


def measure_attacks(shop: PostgresShop) -> list[Result]:
    run, nginx = shop.run, shop.nginx
    say(f"attacks: {run.rounds} rounds of {run.seconds} s, and of {SLOW_S} s beside slow clients")
    shop.instance.reset_peak_memory()
    read_pages(shop, WARM_UP_S)
    probe(shop)
    rates: dict[str, list[Rate]] = defaultdict(list)
    cut_after_s: list[float] = []
    statuses: list[dict[str, int]] = []
    for _ in range(run.rounds):
        rate, _found = read_beside(shop, run.seconds)
        rates["none"].append(rate)

        rate, [found] = read_beside(shop, SLOW_S, slow(shop, shop.khata))
        rates["slow_clients"].append(rate)
        cut_after_s.append(last_cut_s(found))
        rate, [found] = read_beside(shop, SLOW_S, slow(shop, nginx))
        rates["slow_clients_elsewhere"].append(rate)
        # It need not cut them off, but has to take them.
        if sum(found["opened"].values()) < SLOW_CLIENTS:
            raise Failed(f"not all slow clients could connect to nginx: {found['opened']}")

        rate, [found] = read_beside(shop, run.seconds, wrong(shop, shop.khata))
        rates["wrong_logins"].append(rate)
        statuses.append(found)
        # It only refuses them, so another process does the hashing: in a session of its own, as the service is.
        hashing = Task(password_hashing, {"seconds": run.seconds}, run.journal)
        rate, _found = read_beside(shop, run.seconds, wrong(shop, nginx), hashing)
        rates["wrong_logins_elsewhere"].append(rate)
    return [result(rates, max(cut_after_s), statuses, shop.instance.peak_memory_kib())]


def read_beside(shop: PostgresShop, seconds: int, *attacks: Task) -> tuple[Rate, list[Any]]:
    """Also returns what the attackers found."""
    with contextlib.ExitStack() as under_way:
        for attack in attacks:
            under_way.enter_context(attack)
        rate = shop.load(READS, seconds).rate()
        return rate, [attack.found(timeout_s=seconds + 60) for attack in attacks]


def slow(shop: PostgresShop, target: Target) -> Task:
    order = {"connections": SLOW_CLIENTS, "rate": SLOW_CLIENTS_PER_SECOND, "seconds": CUT_S}
    return attack(slow_clients, target, order, shop)


def wrong(shop: PostgresShop, target: Target) -> Task:
    return attack(wrong_logins, target, {"clients": WRONG_LOGINS, "seconds": shop.run.seconds}, shop)


def attack(module: ModuleType, target: Target, order: dict[str, int], shop: PostgresShop) -> Task:
    whole = {"address": target.address, "key": target.key, **order}
    return Task(module, whole, shop.run.journal, has_own_session=False)


def last_cut_s(found: dict[str, Any]) -> float:
    """After how many seconds the last of the slow clients was cut off."""
    times: list[float] = [seconds for kind in found["cut_s"].values() for seconds in kind]
    if len(times) < SLOW_CLIENTS:
        cut = {kind: len(times) for kind, times in found["cut_s"].items()}
        raise Failed(f"not all of {SLOW_CLIENTS} slow clients were cut off: {cut} of {found['opened']}")
    return max(times)


def result(rates: dict[str, list[Rate]], cut_after_s: float, statuses: list[dict[str, int]], memory_kib: int) -> Result:
    rate = {name: medians(rounds) for name, rounds in rates.items()}
    p99 = {name: hundredths(each.p99_ms) for name, each in rate.items()}
    note = (
        f"p99 {p99['none']} ms; beside slow clients {p99['slow_clients']} ms "
        f"(such clients at nginx: {p99['slow_clients_elsewhere']} ms), of which the last is cut after "
        f"{hundredths(cut_after_s)} s; beside wrong logins {p99['wrong_logins']} ms "
        f"(at nginx, and another process hashes: {p99['wrong_logins_elsewhere']} ms)"
    )
    attacks = {name: {**figures("reads", rate[name]), "rounds": rates[name]} for name in rates if name != "none"}
    others = {**attacks, "cut_after_seconds": cut_after_s, "statuses": statuses}
    return Result("attacks", "reads", CONNECTIONS, rates["none"], memory_kib, others=others, note=note)
