"""Loads made by wrk: closed loops, in which a connection asks again when it has its answer. The scripts stand beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from measure.command import Failed
from measure.machine.child import Child
from measure.machine.process import Process
from measure.machine.undo import Journal

SCRIPTS = Path(__file__).parent
TIMEOUT_S = 10
# What wrk takes besides the load: it makes its requests before, and waits for the last answers after it.
OVERHEAD_S = 60


@dataclass(frozen=True)
class Target:
    """A server under load."""

    process: Process
    address: tuple[str, int]
    # The API key that it is shown.
    key: str

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)


class Rate(NamedTuple):
    """Of a round."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Outcome:
    requests: int
    # Answered with a status from 400 up.
    refused: int
    # Not answered.
    lost: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def parse(cls, output: str) -> "Outcome":
        """The line that `done` in common.lua prints."""
        lines = [line.split()[1:] for line in output.splitlines() if line.startswith("result ")]
        if len(lines) != 1 or len(lines[0]) != 6:
            raise Failed(f"wrk failed: {output}")
        requests, refused, lost, seconds, p50_ms, p99_ms = lines[0]
        return cls(int(requests), int(refused), int(lost), float(seconds), float(p50_ms), float(p99_ms))

    @property
    def is_whole(self) -> bool:
        """Whether each request was answered as it should be."""
        return self.requests > 0 and self.refused == 0 and self.lost == 0

    def rate(self, per_request: int = 1) -> Rate:
        """`per_request`: how many of what is counted each of them brings."""
        return Rate(round(self.requests * per_request / self.seconds, 1), self.p50_ms, self.p99_ms)


class RunningWrk:
    def __init__(self, command: Sequence[str], target: Target, seconds: int, journal: Journal) -> None:
        self._target, self._seconds = target, seconds
        # All of a load has one share of the processors.
        self._child = Child(command, journal, has_own_session=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.__exit__()

    def outcome(self) -> Outcome:
        """Waits until it is over. No request may have been refused or lost."""
        outcome = Outcome.parse(self._child.output(self._seconds + OVERHEAD_S))
        if not outcome.is_whole:
            raise Failed(
                f"of {outcome.requests} requests {outcome.refused} were refused and {outcome.lost} lost; "
                f"the end of {self._target.process.log}:\n{self._target.process.last_lines()}"
            )
        return outcome


@dataclass(frozen=True)
class Wrk:
    script: str
    connections: int
    # What the script says after the key.
    arguments: tuple[int | str, ...] = ()
    threads: int = 2

    def start(self, target: Target, seconds: int, journal: Journal) -> RunningWrk:
        command = [
            *("wrk", "--threads", str(self.threads), "--connections", str(self.connections)),
            *("--duration", f"{seconds}s", "--timeout", f"{TIMEOUT_S}s", "--script", str(SCRIPTS / self.script)),
            *(target.url, "--", target.key, *map(str, self.arguments)),
        ]
        return RunningWrk(command, target, seconds, journal)

    def run(self, target: Target, seconds: int, journal: Journal) -> Outcome:
        with self.start(target, seconds, journal) as running:
            return running.outcome()
