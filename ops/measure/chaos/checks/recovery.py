"""Whether instances come to themselves again, without a restart."""

import time
from functools import partial

from measure.chaos.clients.goods import DEFAULT_STORE, level_path, stock_path
from measure.chaos.clients.orders import movement
from measure.chaos.history import Change, Level
from measure.chaos.verdict import Verdict
from measure.clients.http import Connection, Unanswered
from measure.machine.waiting import eventually
from measure.servers.stack import Stack

# A level that no crew touches.
SPARE = Level(40, 40)
# From when whatever failed is there again. An instance pauses up to 1 s before it tries to connect (Backoff.swift), a
# request waits up to 5 s for a connection, and the cache is switched on by a relay that is elected first: twice that.
LIMIT_S = 15.0


def await_hits(stack: Stack, within_s: float) -> bool:
    """Until each instance has answered from the cache."""
    deadline = time.monotonic() + within_s
    return all(await_hit(connection, deadline - time.monotonic()) for connection in stack.connect(timeout_s=5).values())


def await_hit(connection: Connection, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    path = f"{stock_path(DEFAULT_STORE)}?limit=500"
    try:
        while time.monotonic() < deadline:
            try:
                if connection.get(path).headers.get("cache-status", "").endswith("; hit"):
                    return True
            except Unanswered:
                pass
            time.sleep(0.02)
        return False
    finally:
        connection.close()


def check_recovery(stack: Stack, verdict: Verdict, with_cache: bool = True, limit_s: float = LIMIT_S) -> float:
    """Each instance records, reads strictly and answers from the cache again. Returns after how many seconds."""
    started = time.monotonic()
    for name, connection in stack.connect(timeout_s=5).items():
        eventually(f"{name} records and reads again", partial(records, connection), within_s=60)
        connection.close()
    without_cache_s = time.monotonic() - started
    verdict.must(not with_cache or await_hits(stack, 2 * limit_s), "the cache is not used again")
    seconds = time.monotonic() - started
    verdict.note(seconds_to_recover=round(seconds, 1))
    verdict.must(
        seconds <= limit_s, f"it took {seconds:.1f} s to recover, {without_cache_s:.1f} s of them to record and read"
    )
    return seconds


def records(connection: Connection) -> bool:
    order = movement(Change(SPARE, 1, ""))
    del order.body["reference"]
    try:
        written = connection.post(order.path, order.body)
        read = connection.get(level_path(SPARE))
    except Unanswered:
        return False
    return (written.status, read.status) == (201, 200) and "inventory-freshness" not in read.headers
