"""Histories for the tests: one level in one store, and the ledger that goes with them."""

from dataclasses import dataclass, field
from math import inf

from measure.chaos.checks.ledger import Entry, Ledger
from measure.chaos.history import Change, History, Level, Read, Recorded, Refusal, Write

LEVEL = Level(1, 7)
OTHER = Level(1, 8)


@dataclass
class Shop:
    """Builds a history together with its ledger: what is recorded takes the next position."""

    history: History = field(default_factory=History)
    entries: list[Entry] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.entries)

    def on_hand(self, level: Level) -> int:
        return next((entry.on_hand for entry in reversed(self.entries) if entry.level == level), 0)

    def write(self, started: float, ended: float, delta: int = 1, level: Level = LEVEL) -> Write:
        """Recorded and acknowledged; pending if it never ended."""
        reference = f"r{len(self.history.writes)}"
        entry = Entry(len(self.entries) + 1, level, delta, self.on_hand(level) + delta, reference)
        self.entries.append(entry)
        recorded = None if ended == inf else (Recorded(entry.position, entry.on_hand),)
        write = Write((Change(level, delta, reference),), started, ended, recorded)
        self.history.writes.append(write)
        return write

    def unrecorded(self, started: float, delta: int = 1) -> Write:
        """Nobody knows from the answers; it is not in the ledger."""
        write = Write((Change(LEVEL, delta, f"r{len(self.history.writes)}"),), started)
        self.history.writes.append(write)
        return write

    def read(
        self,
        started: float,
        ended: float,
        on_hand: int,
        position: int,
        freshness: str | None = None,
        minimum: int = 0,
    ) -> Read:
        read = Read(1, {LEVEL.product: on_hand}, False, position, started, ended, freshness=freshness, minimum=minimum)
        self.history.reads.append(read)
        return read

    def page(self, started: float, ended: float, levels: dict[int, int], position: int) -> None:
        self.history.reads.append(Read(1, levels, True, position, started, ended))

    def refusal(self, started: float, ended: float, on_hand: int, wanted: int) -> None:
        self.history.refusals.append(Refusal(LEVEL, on_hand, wanted, started, ended))
