"""The process of a load of commands: publishes movements at a rate, or as many as are answered, and tells when they were.
A JSON object in, and one out. With Debian's Python."""

import re
import threading
import time
from random import Random
from typing import Any

import pika
from pika import spec

from measure.clients.amqp import Wire, publication
from measure.machine.child import answer

# Stands for the number of a command, in nine digits.
NUMBER = b"#########"
ANSWER = re.compile(rb"answer-(\d{9})")
# So much at a time.
PAUSE_S = 0.002
PATIENCE_S = 60.0
TEMPLATES = 1_000


def templates(order: dict[str, Any], replies: str) -> list[bytes]:
    """Messages that lack their number."""
    random = Random(1)
    found = []
    for _ in range(TEMPLATES):
        store = random.randint(1, order["stores"])
        body = (
            f'{{"store_id":{store},"product_id":{random.randint(1, order["products"])},'
            f'"movement_type":"{random.choice(("sale", "stock-in"))}","quantity":1}}'
        )
        properties = pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,
            message_id=f"{order['name']}-{NUMBER.decode()}",
            correlation_id=f"answer-{NUMBER.decode()}",
            user_id=order["user"],
            reply_to=replies,
            timestamp=int(time.time()),
        )
        found.append(publication("khata.commands", str(store), properties, body.encode()))
    return found


class Load:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        wire = Wire(order["url"])
        replies = wire.call(spec.Queue.Declare(queue="", exclusive=True)).queue
        wire.consume(replies)
        self._wire = wire
        self._templates = templates(order, replies)
        self._sent: list[float] = []
        # By number: seconds from publication to outcome.
        self._answers: dict[int, float] = {}
        self._refused = 0
        self._came = threading.Event()

    def run(self) -> dict[str, Any]:
        threading.Thread(target=self._receive, daemon=True).start()
        began = time.monotonic()
        while (now := time.monotonic()) < began + self._order["seconds"]:
            due = self._due(now - began)
            if due > 0:
                self._publish(due)
            time.sleep(PAUSE_S)
        whole = time.monotonic() - began
        deadline = time.monotonic() + PATIENCE_S
        within = len(self._answers)
        while len(self._answers) < len(self._sent) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        return {
            "sent": len(self._sent),
            "answered": len(self._answers),
            "refused": self._refused,
            "per_second": within / whole,
            "latencies": sorted(self._answers.values()),
        }

    def _due(self, elapsed_s: float) -> int:
        if rate := self._order.get("rate"):
            return int(elapsed_s * rate) - len(self._sent)
        return int(self._order["pending"]) - (len(self._sent) - len(self._answers))

    def _publish(self, count: int) -> None:
        first = len(self._sent)
        parts = [
            self._templates[number % TEMPLATES].replace(NUMBER, b"%09d" % number)
            for number in range(first, first + count)
        ]
        self._sent += [time.monotonic()] * count
        self._wire.socket.sendall(b"".join(parts))

    def _receive(self) -> None:
        data = b""
        while True:
            data += self._wire.read()
            now, end = time.monotonic(), 0
            for match in ANSWER.finditer(data):
                number, end = int(match[1]), match.end()
                self._answers.setdefault(number, now - self._sent[number])
            self._refused += data.count(b'"status":"refused"')
            # Less than any of both.
            data = data[max(end, len(data) - 15) :]


if __name__ == "__main__":
    answer(lambda order: Load(order).run())
