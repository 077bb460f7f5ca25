"""Clients of RabbitMQ, each a process of its own, run by Debian's Python, which has Debian's pika."""

from dataclasses import dataclass
from typing import Any

from measure.machine.child import Steered, Task
from measure.machine.undo import Journal
from measure.servers.rabbitmq import RabbitMQServer, amqp_url

PYTHON = "/usr/bin/python3"


def broker_user(key: str) -> str:
    """Who sends messages for an API key, which reads `khata_<id>_<secret>`."""
    return f"key:{key.split('_')[1]}"


@dataclass(frozen=True)
class CommandOutcome:
    sent: int
    answered: int
    refused: int
    per_second: float
    # Seconds from publication to outcome, in order.
    latencies: list[float]


class CommandLoad:
    """Movements, published by a user whom the broker knows."""

    def __init__(self, server: RabbitMQServer, user: str, journal: Journal) -> None:
        self._order = {"url": amqp_url(server, user), "user": user}
        self._journal = journal

    def run(self, **order: Any) -> CommandOutcome:
        """`seconds`, `name`, `stores`, `products`; `rate`, or `pending`: how many may lack an answer."""
        task = Task(
            "measure.clients.command_load_process", {**self._order, **order}, self._journal, False, python=PYTHON
        )
        return CommandOutcome(**task.found())


class EventCounter(Steered):
    """Counts events from now on."""

    def __init__(self, server: RabbitMQServer, journal: Journal) -> None:
        super().__init__("measure.clients.event_count_process", amqp_url(server), journal, PYTHON)
        self.receive()

    def reset(self, is_timing: bool = False) -> None:
        self.do("reset", is_timing=is_timing)

    def count(self) -> int:
        return int(self.do("count")["count"])

    def rate(self) -> float:
        """A second, from the first to the last."""
        found = self.do("count")
        return round(float(found["count"]) / max(float(found["seconds"]), 1e-3), 1)

    def delays(self) -> list[float]:
        """Seconds since their commit, in order."""
        return [float(each) for each in self.do("delays")["delays"]]
