"""When clients were answered, and how long they were not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from measure.chaos.history import Failure, History, Read

Interval = tuple[float, float]


def longest_silence(moments: Iterable[float], begin: float, end: float) -> float:
    """Seconds without any of these moments."""
    inside = sorted(moment for moment in moments if begin < moment < end)
    return max(later - earlier for earlier, later in pairwise([begin, *inside, end]))


def names(failures: Iterable[Failure]) -> dict[str, int]:
    """How often each kind of failure was met."""
    return dict(Counter(failure.name for failure in failures).most_common())


def shown_names(failures: Iterable[Failure]) -> str:
    return ", ".join(f"{count} {name}" for name, count in names(failures).items())


def during(intervals: Sequence[Interval], started: float, ended: float) -> bool:
    """Whether it lies wholly inside one."""
    return any(begin <= started and ended <= end for begin, end in intervals)


def reads_through(history: History, instance: str) -> list[Read]:
    return [read for read in history.reads if read.instance == instance]


def failed_reads(history: History, instance: str | None = None) -> list[Failure]:
    return [failure for failure in history.failures if failure.kind == "read" and instance in (None, failure.instance)]


def unanswered(history: History) -> list[Failure]:
    return [failure for failure in history.failures if failure.status is None]


def slowest(requests: Iterable[Read | Failure]) -> float:
    """Seconds, of the answer that took longest."""
    return max((each.ended - each.started for each in requests), default=0.0)
