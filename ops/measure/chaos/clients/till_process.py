"""A till that sells through the queue, as a shop would write it, with pika: whatever happens to the broker and to the
service, each sale is sent until it is answered. Told to end, it waits for the last answers."""

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from measure.machine.child import say

EXCHANGE = "khata.commands"
# What no shelf has.
TOO_MUCH = 1_000_000
PAUSE_S = 0.2
# Sent, and not answered.
MAXIMUM_PENDING = 200


class Till:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._name: str = order["name"]
        self._user: str = order["user"]
        self._random = Random(order["seed"])
        self._sales = self._sell()
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_over = False
        # In the order in which they were made.
        self._pending: dict[str, dict[str, Any]] = {}
        self._answered: dict[str, dict[str, Any]] = {}
        self._publications = 0
        self._connections = 0
        # Answers that differ from an earlier one to the same sale.
        self._contradictions: list[str] = []

    def _sell(self) -> Iterator[dict[str, Any]]:
        number = 0
        while True:
            number += 1
            store, product = self._random.choice(self._order["levels"])
            quantity = TOO_MUCH if self._random.random() < self._order["refusals"] else self._random.randint(1, 3)
            yield {"id": f"{self._name}-{number}", "store": store, "product": product, "quantity": quantity}

    def run(self) -> dict[str, Any]:
        while not self._is_over or self._pending:
            try:
                self._connect()
            except (AMQPError, OSError):
                time.sleep(PAUSE_S)
        return {
            "sales": list(self._answered.values()),
            "contradictions": self._contradictions,
            "publications": self._publications,
            "connections": self._connections,
        }

    def _connect(self) -> None:
        connection = pika.BlockingConnection(pika.URLParameters(self._order["url"] + "?heartbeat=10"))
        self._connections += 1
        channel = connection.channel()
        channel.confirm_delivery()
        answers = f"khata.replies.{self._name}"
        channel.queue_declare(answers, durable=True)
        channel.basic_consume(answers, self._receive)
        # Again, because nobody knows what became of them, and in the same order.
        for sale in list(self._pending.values()):
            self._publish(channel, sale, answers)
        while not self._is_over or self._pending:
            self._is_over = self._is_over or not self._told.empty()
            if not self._is_over and len(self._pending) < MAXIMUM_PENDING:
                sale = {**next(self._sales), "started": time.monotonic()}
                self._pending[sale["id"]] = sale
                self._publish(channel, sale, answers)
            connection.process_data_events(self._order["pause_s"])
        connection.close()

    def _publish(self, channel: BlockingChannel, sale: dict[str, Any], answers: str) -> None:
        """Returns once the broker has it on its disk."""
        self._publications += 1
        body = {
            "store_id": sale["store"],
            "product_id": sale["product"],
            "movement_type": "sale",
            "quantity": sale["quantity"],
            "reference": sale["id"],
        }
        channel.basic_publish(
            EXCHANGE,
            str(sale["store"]),
            json.dumps(body).encode(),
            pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                message_id=sale["id"],
                user_id=self._user,
                reply_to=answers,
                correlation_id=sale["id"],
                timestamp=int(time.time()),
            ),
            mandatory=True,
        )

    def _receive(self, channel: BlockingChannel, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        answer, id = json.loads(body), str(properties.correlation_id)
        if sale := self._pending.pop(id, None):
            self._answered[id] = {**sale, "ended": time.monotonic(), "answer": answer}
        elif self._answered[id]["answer"] != answer:
            self._contradictions.append(f"{id}: {self._answered[id]['answer']}, then {answer}")
        channel.basic_ack(method.delivery_tag)

    def listen(self) -> None:
        """For the order to end."""
        self._told.put(sys.stdin.readline())


def main() -> None:
    till = Till(json.loads(sys.argv[1]))
    threading.Thread(target=till.listen, daemon=True).start()
    say(till.run())


if __name__ == "__main__":
    main()
