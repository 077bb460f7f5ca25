"""A listener to all events, as an accounting program would write it, with pika: it takes an event only if it has the one
before it, and checks that what comes again is the same. A known position with another id is another history, which takes the
place of the one that was told from there on."""

import json
import sys
import threading
import time
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from measure.machine.child import say

EXCHANGE = "khata.events"
QUEUE = "listener"
FULL = "full"
PAUSE_S = 0.2


class Listener:
    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url + "?heartbeat=10")
        # By store: its events, the first position first.
        self.story: dict[int, list[dict[str, Any]]] = {}
        self.repeated = self.ahead = self.rewritten = 0
        self.defects: list[str] = []
        self.connections = 0
        self.is_ready = threading.Event()

    def run(self) -> None:
        while True:
            try:
                self._connect()
            except (AMQPError, OSError):
                time.sleep(PAUSE_S)

    def _connect(self) -> None:
        connection = pika.BlockingConnection(self._parameters)
        self.connections += 1
        channel = connection.channel()
        # As the service declares it, which may come later.
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        # Without a single active consumer, this one would get later events first after the broker was killed, because what
        # the one before had not acknowledged goes back to the queue a moment later.
        arguments = {"x-queue-type": "quorum", "x-single-active-consumer": True}
        channel.queue_declare(QUEUE, durable=True, arguments=arguments)
        channel.queue_bind(QUEUE, EXCHANGE, "store.#")
        channel.basic_qos(prefetch_count=500)
        channel.basic_consume(QUEUE, self._receive)
        self.is_ready.set()
        channel.start_consuming()

    def _receive(self, channel: BlockingChannel, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        event = json.loads(body)
        store, position = int(event["source"].removeprefix("/stores/")), int(event["sequence"])
        if method.routing_key != f"store.{store}.{event['type']}":
            self.defects.append(f"{event['id']} of {event['source']} came as {method.routing_key}")
        known = self.story.setdefault(store, [])
        before, same = known[: position - 1], known[position - 1 : position]
        if same == [event]:
            self.repeated += 1
        elif same and same[0]["id"] == event["id"]:
            self.defects.append(f"{same[0]}, then {event}")
        elif len(before) < position - 1:
            # One before it was refused by a full queue, and comes again with all that follow.
            self.ahead += 1
        elif event.get("previous") != (before[-1]["id"] if before else None):
            self.defects.append(f"{event} does not follow {before[-1:]}")
        else:
            self.rewritten += len(same)
            known[position - 1 :] = [event]
        channel.basic_ack(method.delivery_tag)

    def declare_full(self) -> None:
        """A queue that takes five events, and which nobody reads."""
        with pika.BlockingConnection(self._parameters) as connection:
            channel = connection.channel()
            channel.queue_declare(FULL, durable=True, arguments={"x-max-length": 5, "x-overflow": "reject-publish"})
            channel.queue_bind(FULL, EXCHANGE, "store.#")

    def delete_full(self) -> None:
        with pika.BlockingConnection(self._parameters) as connection:
            connection.channel().queue_delete(FULL)

    def do(self, order: dict[str, Any]) -> Any:
        if order["do"] == "declare_full":
            return self.declare_full()
        if order["do"] == "delete_full":
            return self.delete_full()
        if order["do"] == "ends":
            return [[store, events[-1]["id"]] for store, events in self.story.items()]
        return {
            "story": [[store, events] for store, events in self.story.items()],
            "repeated": self.repeated,
            "ahead": self.ahead,
            "rewritten": self.rewritten,
            "defects": self.defects,
            "connections": self.connections,
        }


def main() -> None:
    listener = Listener(json.loads(sys.argv[1]))
    threading.Thread(target=listener.run, daemon=True).start()
    listener.is_ready.wait(60)
    say({})
    for line in sys.stdin:
        say(listener.do(json.loads(line)))


if __name__ == "__main__":
    main()
