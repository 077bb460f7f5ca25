"""Load from a process of its own: many requests, of which only the answers' kinds and times are kept."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.clients import load_process
from faults.clients.http import Connection
from faults.undo import Journal

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
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-m", load_process.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
            text=True,
        )
        journal.process(self._process.pid)
        self._seconds = order["seconds"]
        assert self._process.stdin
        whole = {
            "address": connection.address,
            "messages": [message.decode() for message in messages],
            "patience_s": PATIENCE_S,
            "maximum": MAXIMUM,
            "waits": False,
            **order,
        }
        self._process.stdin.write(json.dumps(whole))
        self._process.stdin.close()

    def outcome(self) -> Outcome:
        """Waits until it is over."""
        assert self._process.stdout
        found = json.loads(self._process.stdout.read())
        self._process.wait()
        successes = {int(second): count for second, count in found["successes"].items()}
        return Outcome(self._seconds, found["answers"], successes)


def quantile(times: Sequence[float], share: float) -> float:
    """Of times in order."""
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0
