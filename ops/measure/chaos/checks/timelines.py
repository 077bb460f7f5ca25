"""Whether there was one primary at a time."""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from measure.servers.postgres import PostgresServer
from measure.servers.sql import SQLError

PAUSE_S = 0.05
# Takes part in no recovery: writes would be accepted.
QUERY = """
    SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
"""


@dataclass(frozen=True)
class Observation:
    """A server was a primary at some moment between these."""

    server: str
    timeline: int
    asked: float
    answered: float


def overlaps(observations: Sequence[Observation]) -> list[str]:
    """Each primary begins a timeline with a higher number: none may be seen after a higher one."""
    found = []
    highest: Observation | None = None
    for each in sorted(observations, key=lambda each: each.answered):
        if highest and each.timeline < highest.timeline and each.asked > highest.answered:
            found.append(f"{each} after {highest}")
        if highest is None or each.timeline > highest.timeline:
            highest = each
    return found


class TimelineWatch:
    """Asks all servers, whatever the network does."""

    def __init__(self, servers: Sequence[PostgresServer]) -> None:
        self._seen: list[Observation] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._watch, args=(server,), daemon=True) for server in servers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, server: PostgresServer) -> None:
        while not self._over.wait(PAUSE_S):
            asked = time.monotonic()
            # It may be away, or become a standby between the question and the answer.
            with contextlib.suppress(SQLError):
                if timeline := server.value(QUERY, "postgres"):
                    self._seen.append(Observation(server.name, int(timeline, 16), asked, time.monotonic()))

    @property
    def two_primaries(self) -> list[str]:
        return overlaps(self._seen)

    @property
    def timelines(self) -> int:
        return len({each.timeline for each in self._seen})

    @property
    def observations(self) -> int:
        return len(self._seen)
