"""What became of the reads after Redis was emptied. Prints JSON.

Usage: storm.py ANSWERS FLUSHED_AT DOCUMENTS LOG…

ANSWERS has a line for each answer: when it came, and how many seconds it took. The logs are those of the database
servers, with every query of a page, its parameters and its duration.
"""

import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timezone

WINDOW_S = 0.1
LIMIT_MS = 10.0
# So many windows in a row are below the limit when the storm is over.
CALM_WINDOWS = 3


def main(answers_file: str, flushed_at: float, documents: int, logs: list[str]) -> None:
    with open(answers_file) as lines:
        answers = [tuple(map(float, line.split())) for line in lines]
    windows = percentiles_of_windows(answers, flushed_at)
    before = [p99 for window, p99 in windows.items() if window < 0]
    after = [p99 for window, p99 in windows.items() if window >= 0]
    calm = next((i for i in range(len(after) - CALM_WINDOWS + 1) if max(after[i : i + CALM_WINDOWS]) < LIMIT_MS), None)
    reads = list(database_reads(logs, flushed_at).values())
    if len(reads) < documents:
        sys.exit(f"the logs show reads of {len(reads)} documents only, of {documents}")
    times = sorted(took for _, took in answers)
    first, last = min(came - took for came, took in answers), max(came for came, _ in answers)
    figures = {
        "reads_per_second": round(len(answers) / (last - first), 1),
        "p50_ms": round(percentile(times, 0.50) * 1_000, 3),
        "p99_ms": round(percentile(times, 0.99) * 1_000, 3),
        "limit_ms": LIMIT_MS,
        "before_p99_ms": round(sorted(before)[len(before) // 2], 3),
        "worst_p99_ms": round(max(after), 3),
        "recovered_ms": None if calm is None else round(calm * WINDOW_S * 1_000),
        "documents": documents,
        "database_reads": sum(map(len, reads)),
        "most_reads_of_one": max(map(len, reads)),
        "most_at_once": max(map(most_at_once, reads)),
    }
    print(json.dumps(figures))


def percentiles_of_windows(answers: list[tuple[float, ...]], start: float) -> dict[int, float]:
    """The p99 in milliseconds of each whole window, by its number; `start` is where window 0 begins.

    A request that is still under way at the end of a window counts in it, with the time it has taken so far: a few
    quick answers do not hide that all others wait.
    """
    times: dict[int, list[float]] = defaultdict(list)

    def window_of(moment: float) -> int:
        return math.floor((moment - start) / WINDOW_S)

    for came, took in answers:
        for window in range(window_of(came - took), window_of(came)):
            times[window].append(start + (window + 1) * WINDOW_S - (came - took))
        times[window_of(came)].append(took)
    # The first window is not whole, and in the last ones the load ends, one thread after the other.
    return {window: percentile(sorted(times[window]), 0.99) * 1_000 for window in sorted(times)[1:-3]}


def percentile(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, math.floor(len(ascending) * share))]


ENTRY = re.compile(r"(\S+ \S+) UTC \[(\d+)\] \S+ LOG:  duration: (\S+) ms  execute read\.stock:")
PARAMETERS = re.compile(r"\S+ \S+ UTC \[(\d+)\] \S+ DETAIL:  parameters: \$1 = '(\d+)'")


def database_reads(logs: list[str], after: float) -> dict[str, list[tuple[float, float]]]:
    """When each query of a store's stock began and ended, by store, in the order in which they ended."""
    reads = defaultdict(list)
    for log in logs:
        for store, began, ended in logged_reads(log):
            if ended >= after:
                reads[store].append((began, ended))
    return reads


def logged_reads(log: str) -> Iterator[tuple[str, float, float]]:
    entry = None
    with open(log, errors="replace") as lines:
        for line in lines:
            if match := ENTRY.match(line):
                entry = match
            elif entry and (match := PARAMETERS.match(line)) and match[1] == entry[2]:
                ended = datetime.strptime(entry[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc).timestamp()
                yield match[2], ended - float(entry[3]) / 1_000, ended
                entry = None


def most_at_once(reads: list[tuple[float, float]]) -> int:
    """How many were surely under way together: the log cuts its times to milliseconds, so a query may have begun up to
    that much later than it seems."""
    changes = []
    for began, ended in reads:
        if began + 0.001 < ended:
            changes += [(began + 0.001, 1), (ended, -1)]
    running, most = 0, 1
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
