"""Many clients buy the last units of a product, each until it is refused. Prints JSON.

Usage: oversell.py URL URL KEY
"""

import json
import sys
import threading
from collections import Counter

from client import Client, Unanswered, create, post_surely

CLIENTS = 64
UNITS = 200


def main(urls: list[str], key: str) -> None:
    observers = [Client(url, key) for url in urls]
    [store], [product] = create(observers[0], "store", 1), create(observers[0], "product", 1)
    stocked, _ = post_surely(
        observers, f"/stores/{store}/stock", {"product_id": product, "movement_type": "stock-in", "quantity": UNITS}
    )
    if stocked.status != 201:
        sys.exit(f"the stock-in was refused: {stocked.body}")
    outcomes: list[str] = []
    start = threading.Barrier(CLIENTS)
    buyers = [
        threading.Thread(target=buy, args=(Client(urls[number % 2], key), store, product, start, outcomes))
        for number in range(CLIENTS)
    ]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
    counts = Counter(outcomes)
    figures = {
        "clients": CLIENTS,
        "units": UNITS,
        "sold": counts.pop("sold", 0),
        "refused": counts.pop("insufficient-stock", 0),
        "others": dict(counts),
        "left": [observer.get(f"/stores/{store}/stock/{product}").body["on_hand"] for observer in observers],
    }
    print(json.dumps(figures))


def buy(client: Client, store: int, product: int, start: threading.Barrier, outcomes: list[str]) -> None:
    start.wait()
    while True:
        try:
            answer, _ = post_surely(
                [client], f"/stores/{store}/stock", {"product_id": product, "movement_type": "sale", "quantity": 1}
            )
        except Unanswered:
            outcomes.append("unanswered")
            return
        outcomes.append("sold" if answer.status == 201 else answer.body["code"])
        if answer.status != 201:
            return


if __name__ == "__main__":
    main(sys.argv[1:3], sys.argv[3])
