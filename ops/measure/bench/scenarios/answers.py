"""How long reads took, in each tenth of a second of a load."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from measure.statistics import quantile

WINDOW_S = 0.1
# So many windows in a row are below the limit when a storm is over.
CALM_WINDOWS = 3


class Answer(NamedTuple):
    # Seconds since 1970.
    came: float
    took_s: float


@dataclass(frozen=True)
class Windows:
    """The p99 in milliseconds of each window, before a moment and after it."""

    before: Sequence[float]
    after: Sequence[float]

    def recovered_ms(self, limit_ms: float) -> int | None:
        """From the moment until they stay below the limit."""
        for first in range(len(self.after) - CALM_WINDOWS + 1):
            if max(self.after[first : first + CALM_WINDOWS]) < limit_ms:
                return round(first * WINDOW_S * 1_000)
        return None


def read_answers(path: Path) -> list[Answer]:
    """What storm.lua has written."""
    return [Answer(*map(float, line.split())) for line in path.read_text().splitlines()]


def windows(answers: Sequence[Answer], moment: float) -> Windows:
    """A request that is still under way at the end of a window counts in it, with the time it has taken so far: a few
    quick answers do not hide that all others wait."""
    times_s: dict[int, list[float]] = defaultdict(list)

    def window_of(when: float) -> int:
        return math.floor((when - moment) / WINDOW_S)

    for came, took_s in answers:
        asked = came - took_s
        for window in range(window_of(asked), window_of(came)):
            times_s[window].append(moment + (window + 1) * WINDOW_S - asked)
        times_s[window_of(came)].append(took_s)
    # The first window is not whole, and in the last ones the load ends, one thread after the other.
    p99_ms = {window: quantile(sorted(times_s[window]), 0.99) * 1_000 for window in sorted(times_s)[1:-3]}
    return Windows(
        [value for window, value in p99_ms.items() if window < 0],
        [value for window, value in p99_ms.items() if window >= 0],
    )
