"""Reads pages of stock beside a load, 100 a second, and counts how many came from the cache and how many did not."""

import random
import time
from typing import Any

from measure.clients.http import Connection
from measure.machine.child import answer

INTERVAL_S = 0.01


def sample(order: dict[str, Any]) -> dict[str, int]:
    connection = Connection(tuple(order["address"]), order["key"])
    hits = others = 0
    due = time.monotonic()
    end = due + order["seconds"]
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        due += INTERVAL_S
        path = f"/stores/{random.randint(1, order['stores'])}/stock?limit={order['products']}"
        page = connection.get(path)
        if page.status != 200:
            raise SystemExit(f"{path} was answered {page.status}: {page.body[:500]!r}")
        if page.headers.get("cache-status") == "khata-redis; hit":
            hits += 1
        else:
            others += 1
    return {"hits": hits, "others": others}


if __name__ == "__main__":
    answer(sample)
