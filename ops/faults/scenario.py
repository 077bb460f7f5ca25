"""A line of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.bench import Bench
from faults.verdict import Verdict


@dataclass(frozen=True)
class Scenario:
    row: int
    name: str
    fault: str
    run: Callable[[Bench], Verdict]
    # Whether the short mode has time for it.
    is_short: bool = True
    # Whether it measures what a neighbour would disturb.
    is_alone: bool = False
