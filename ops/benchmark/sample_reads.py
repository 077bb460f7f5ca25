"""Reads pages of stock beside a load, 100 a second, and prints how many came from the cache and how many did not.

Usage: sample_reads.py URL KEY STORES SECONDS
"""

import http.client
import random
import sys
import time
from urllib.parse import urlsplit

INTERVAL_S = 0.01


def main(url: str, key: str, stores: int, seconds: float) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    hits = others = 0
    due = time.monotonic()
    end = due + seconds
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        due += INTERVAL_S
        path = f"/api/v1/stores/{random.randint(1, stores)}/stock?limit=20"
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{path} was answered {answer.status}: {body[:500]!r}")
        if answer.headers.get("Cache-Status") == "khata-redis; hit":
            hits += 1
        else:
            others += 1
    print(hits, others)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
