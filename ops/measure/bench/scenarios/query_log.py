"""Reads of pages from the database, as PostgreSQL logs them with log_min_duration_statement = 0."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ENTRY = re.compile(r"(\S+ \S+) UTC \[(\d+)\] \S+ LOG:  duration: (\S+) ms  execute read\.stock:")
PARAMETERS = re.compile(r"\S+ \S+ UTC \[(\d+)\] \S+ DETAIL:  parameters: \$1 = '(\d+)'")
# The log cuts its times to milliseconds.
GRAIN_S = 0.001


class Query(NamedTuple):
    began: float
    ended: float


def queries_by_store(logs: Iterable[Path], after: float) -> dict[str, list[Query]]:
    """Those that ended after a moment; of each store in the order in which they ended."""
    found: dict[str, list[Query]] = defaultdict(list)
    for log in logs:
        with log.open(errors="replace") as lines:
            for store, query in parse(lines):
                if query.ended >= after:
                    found[store].append(query)
    return found


def parse(lines: Iterable[str]) -> Iterator[tuple[str, Query]]:
    entry: re.Match[str] | None = None
    for line in lines:
        if match := ENTRY.match(line):
            entry = match
        elif entry and (match := PARAMETERS.match(line)) and match[1] == entry[2]:
            ended = datetime.strptime(entry[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
            yield match[2], Query(ended - float(entry[3]) / 1_000, ended)
            entry = None


def most_at_once(queries: Sequence[Query]) -> int:
    """How many were surely under way together: a query may have begun up to a grain later than it seems."""
    changes = []
    for began, ended in queries:
        if began + GRAIN_S < ended:
            changes += [(began + GRAIN_S, 1), (ended, -1)]
    running, most = 0, 1
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most
