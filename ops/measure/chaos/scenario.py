"""A line of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict


@dataclass(frozen=True)
class Scenario:
    row: int
    name: str
    fault: str
    run: Callable[[Testbed], Verdict]
    # Whether the short mode has time for it.
    is_short: bool = True
    # Whether it measures what a neighbour would disturb.
    is_alone: bool = False
