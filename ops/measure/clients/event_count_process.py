"""A listener that counts events, and tells how long after their commit they came. Steered; with Debian's Python."""

import json
import re
import sys
import threading
import time
from datetime import datetime
from typing import Any

from pika import spec

from measure.clients.amqp import Wire
from measure.machine.child import say

TIME = re.compile(rb'"time":"([^"]{20,30})"')
# Less than a whole one.
TAIL = 35


class Counter:
    def __init__(self, url: str) -> None:
        wire = Wire(url)
        wire.call(spec.Exchange.Declare(exchange="khata.events", type="topic", durable=True))
        queue = wire.call(spec.Queue.Declare(queue="", exclusive=True)).queue
        wire.call(spec.Queue.Bind(queue=queue, exchange="khata.events", routing_key="store.#"))
        wire.consume(queue)
        self._wire = wire
        self.count = 0
        # The moments of the first and the last since the last reset.
        self.first = self.last = 0.0
        self.is_timing = False
        self.delays: list[float] = []

    def receive(self) -> None:
        data = b""
        while True:
            data += self._wire.read()
            end, now = 0, time.time()
            for match in TIME.finditer(data):
                end = match.end()
                self.count += 1
                self.first = self.first or now
                self.last = now
                if self.is_timing:
                    self.delays.append(now - datetime.fromisoformat(match[1].decode()).timestamp())
            data = data[max(end, len(data) - TAIL) :]

    def do(self, order: dict[str, Any]) -> Any:
        if order["do"] == "reset":
            self.count, self.first, self.last, self.delays = 0, 0.0, 0.0, []
            self.is_timing = order["is_timing"]
        found = {"count": self.count, "seconds": self.last - self.first}
        return {**found, "delays": sorted(self.delays)} if order["do"] == "delays" else found


def main() -> None:
    counter = Counter(json.loads(sys.argv[1]))
    threading.Thread(target=counter.receive, daemon=True).start()
    say({})
    for line in sys.stdin:
        say(counter.do(json.loads(line)))


if __name__ == "__main__":
    main()
