"""Clients that record movements whatever happens, repeating each until it is answered. Prints JSON.

Usage: writers.py URL URL KEY SECONDS FILE

FILE gets a line for each acknowledged movement: store, position, reference.
"""

import json
import random
import sys
import threading
import time
import uuid

from client import Client, Unanswered, create, post_surely

CLIENTS = 16
STORES = 20


class Writer(threading.Thread):
    def __init__(self, clients: list[Client], stores: list[int], product: int, end: float) -> None:
        super().__init__()
        self.clients, self.stores, self.product, self.end = clients, stores, product, end
        self.acknowledged: list[tuple[int, int, str]] = []
        self.acknowledged_at: list[float] = []
        self.repeats = self.refused = self.unanswered = 0

    def run(self) -> None:
        while time.monotonic() < self.end:
            store, reference = random.choice(self.stores), str(uuid.uuid4())
            movement = {
                "store_id": store,
                "product_id": self.product,
                "movement_type": "stock-in",
                "quantity": 1,
                "reference": reference,
            }
            try:
                answer, repeats = post_surely(self.clients, "/stock-movements", movement, reference)
            except Unanswered:
                self.unanswered += 1
                continue
            self.repeats += repeats
            if answer.status == 201:
                self.acknowledged.append((store, answer.body["position"], reference))
                self.acknowledged_at.append(time.monotonic())
            else:
                print(f"refused: {answer.body}", file=sys.stderr)
                self.refused += 1


def main(urls: list[str], key: str, seconds: float, file: str) -> None:
    admin = Client(urls[0], key)
    stores, [product] = create(admin, "store", STORES), create(admin, "product", 1)
    start = time.monotonic()
    writers = []
    for number in range(CLIENTS):
        own, other = urls[number % 2], urls[1 - number % 2]
        writers.append(Writer([Client(own, key), Client(other, key)], stores, product, start + seconds))
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with open(file, "w") as output:
        for writer in writers:
            output.writelines("\t".join(map(str, line)) + "\n" for line in writer.acknowledged)
    moments = sorted([start, *(moment for writer in writers for moment in writer.acknowledged_at)])
    figures = {
        "acknowledged": len(moments) - 1,
        "repeats": sum(writer.repeats for writer in writers),
        "refused": sum(writer.refused for writer in writers),
        "unanswered": sum(writer.unanswered for writer in writers),
        "longest_silence_ms": round(max((b - a for a, b in zip(moments, moments[1:])), default=0) * 1_000),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:3], sys.argv[3], float(sys.argv[4]), sys.argv[5])
