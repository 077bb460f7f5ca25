"""How it is measured."""

from dataclasses import dataclass
from pathlib import Path

from measure.machine.undo import Journal

# Of each load, before what it does counts.
WARM_UP_S = 2


@dataclass(frozen=True)
class Run:
    # Length of a round.
    seconds: int
    # Of each load.
    rounds: int
    program: Path
    # For whatever a stack or a scenario keeps there.
    folder: Path
    journal: Journal
