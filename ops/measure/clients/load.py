"""Load from a process of its own: many requests, of which only the answers' kinds and times are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from measure.clients import load_process
from measure.clients.http import Connection
from measure.machine.child import Task
from measure.machine.undo import Journal

NUMBER = load_process.NUMBER.decode()
PATIENCE_S = 30.0
# Requests under way at a time: more than any queue of the service takes, in these tests.
MAXIMUM = 3_000


@dataclass(frozen=True)
class Outcome:
    # For how long requests were sent.
    seconds: float
    # By status, and the code of a problem: seconds until each answer.
    answers: dict[str, list[float]]
    # By second since the beginning.
    successes: dict[int, int]

    def rate(self) -> float:
        """Successes a second. The first one, in which connections are opened and queues filled, does not count, nor
        does what is answered after the last."""
        whole = range(1, int(self.seconds))
        return sum(self.successes.get(second, 0) for second in whole) / len(whole)

    def counts(self) -> dict[str, int]:
        return {name: len(times) for name, times in sorted(self.answers.items())}

    def times(self, *beginnings: str) -> list[float]:
        """In order, of all answers whose name begins so."""
        return sorted(s for name, times in self.answers.items() if name.startswith(beginnings) for s in times)

    def count(self, *beginnings: str) -> int:
        return len(self.times(*beginnings))


class Load:
    """Begins at once."""

    def __init__(self, connection: Connection, messages: Sequence[bytes], journal: Journal, **order: float) -> None:
        """`connection`: to whom. `order`: `seconds`; `clients`, or `rate`, and then `maximum` and `waits`, if what is
        too much is to wait."""
        self._seconds = order["seconds"]
        whole = {
            "address": connection.address,
            "messages": [message.decode() for message in messages],
            "patience_s": PATIENCE_S,
            "maximum": MAXIMUM,
            "waits": False,
            **order,
        }
        self._task = Task(load_process, whole, journal)

    def outcome(self) -> Outcome:
        """Waits until it is over."""
        found = self._task.found()
        successes = {int(second): count for second, count in found["successes"].items()}
        return Outcome(self._seconds, found["answers"], successes)
