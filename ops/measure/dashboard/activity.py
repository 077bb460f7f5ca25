"""Some of everything that a dashboard shows, over and over: reads, movements, refusals, commands, events and webhooks."""

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from measure.chaos.clients.goods import Goods, level_path, stock_path
from measure.clients.http import Answer, Connection, Unexpected
from measure.servers.stack import Stack

PAUSE_S = 0.02
# Also of a slow machine; if it always is, there is no data.
BUSY = 503
# A key that one client uses up.
FEW = {"name": "few", "role": "reader", "reads_per_second": 1}


class Activity:
    """From the moment on at which its block begins."""

    def __init__(self, stack: Stack, receiver: "Receiver", goods: Goods) -> None:
        self._connections = list(stack.connect().values())
        self._goods = goods
        admin = self._connections[0]
        expect(admin.post("/admin/webhooks", {"url": receiver.url}), 201)
        few = admin.post("/admin/keys", FEW)
        expect(few, 201)
        self._few = [*stack.connect(key=few.json["key"]).values()]
        self._nobody = [*stack.connect(key="khata_nobody").values()]
        self._end = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def check(self) -> None:
        """Fails if something was answered in another way than it has to be."""
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            for number in itertools.count():
                self._do_some(number)
                if self._end.wait(PAUSE_S):
                    return
        except Exception as error:  # of whatever kind: `check` raises it
            self._error = error

    def _do_some(self, number: int) -> None:
        level = self._goods.levels[number % len(self._goods.levels)]
        movement = {"product_id": level.product, "quantity": 1}
        stock = stock_path(level.store)
        for admin, few, nobody in zip(self._connections, self._few, self._nobody):
            expect(admin.post(stock, {**movement, "movement_type": "stock-in"}), 201, BUSY)
            expect(admin.post(stock, {**movement, "movement_type": "stock-in"}, {"Prefer": "respond-async"}), 202, BUSY)
            expect(admin.post(stock, {**movement, "movement_type": "sale", "quantity": 1_000_000}), 409, BUSY)
            for path in (stock, level_path(level), "/products", "/stores", "/no-such-route"):
                expect(admin.get(path), 404 if path == "/no-such-route" else 200, BUSY)
            expect(few.get(stock), 200, 429, BUSY)
            expect(nobody.get(stock), 401, 429, BUSY)


def expect(answer: Answer, *statuses: int) -> None:
    if answer.status not in statuses:
        raise Unexpected(f"an answer was {answer.status} {answer.body[:500]!r}")


class Receiver:
    """Of webhooks. Refuses some events, so that they are sent again."""

    def __init__(self) -> None:
        numbers = itertools.count(1)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(503 if next(numbers) % 100 == 0 else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:{}/".format(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
