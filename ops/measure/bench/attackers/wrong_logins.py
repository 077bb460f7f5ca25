"""Clients that log in as users that do not exist. Each tries again at once after a 401, and after a while, 0.2 s on
average, when it was told to wait. Counts how often they got which status."""

import base64
import heapq
import random
import selectors
import socket
import time
from collections import Counter
from typing import Any

from measure.clients.http import Address, parse_head
from measure.machine.child import answer

# At most, after an answer that tells to wait.
PAUSE_S = 0.4


def log_in(order: dict[str, Any]) -> dict[int, int]:
    statuses: Counter[int] = Counter()
    selector = selectors.DefaultSelector()
    # Until when, and who: their number tells them apart.
    waiting: list[tuple[float, int, Client]] = []
    for number in range(order["clients"]):
        client = Client(number, tuple(order["address"]))
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.log_in()
    end = time.monotonic() + order["seconds"]
    while (now := time.monotonic()) < end:
        for key, _ in selector.select(0.01):
            client = key.data
            status = client.status()
            if status is None:
                continue
            statuses[status] += 1
            if status == 401:
                client.log_in()
            else:
                heapq.heappush(waiting, (now + random.uniform(0, PAUSE_S), client.number, client))
        while waiting and waiting[0][0] <= now:
            *_, client = heapq.heappop(waiting)
            client.log_in()
    return dict(sorted(statuses.items()))


class Client:
    def __init__(self, number: int, address: Address) -> None:
        self.number = number
        self.socket = socket.create_connection(address)
        self._host = "{}:{}".format(*address)
        self._tries = 0
        self._received = b""

    def log_in(self) -> None:
        self._tries += 1
        credentials = base64.b64encode(f"user{self.number}:wrong{self._tries}".encode()).decode()
        head = f"Host: {self._host}\r\nAuthorization: Basic {credentials}\r\n"
        self.socket.sendall(f"GET /api/v1/stores HTTP/1.1\r\n{head}\r\n".encode())

    def status(self) -> int | None:
        """Of the answer, when it is whole."""
        more = self.socket.recv(65_536)
        if not more:
            raise SystemExit("the service closed a connection")
        self._received += more
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        (status, _), length = parse_head(head)
        if len(body) < length:
            return None
        self._received = body[length:]
        return status


if __name__ == "__main__":
    answer(log_in)
