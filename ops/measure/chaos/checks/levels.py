"""Whether each level was linearizable: as if each request took place at one moment between its beginning and its end.

The general problem is a search. Here the order of the writes is known: a movement has a position, and a read tells the
position that it was read at. So each request stands for one version of the level (how many movements of it there
were), and the history is linearizable exactly if, of any two requests of which one had ended before the other began,
the later one has no lower version, and a higher one if it is a write. (Then the order by version, within a version the
write first and the reads by their beginning, respects the intervals.) `search.py` does without positions, and checks
this one in the tests.

What is more, a page shows its store's position: as a register of its own, it may not go back either.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from math import inf

from measure.chaos.checks.ledger import Ledger
from measure.chaos.history import History, Level, Read

EXAMPLES = 20


@dataclass
class LevelFigures:
    reads: int = 0
    hits: int = 0
    # Answers that say of themselves that they may lack something.
    unproven: int = 0
    # A movement that was acknowledged before the read began is missing …
    stale: int = 0
    # … for how long it had been acknowledged, at most.
    oldest_stale_ms: float = 0
    # A movement that another read had shown before is missing.
    went_back: int = 0
    # What was shown was never so at that position.
    wrong: int = 0
    # A movement was shown before anybody asked for it.
    early: int = 0
    # Movements were recorded in another order than they were acknowledged in.
    disorder: int = 0
    # A refusal named a level that was not there while it was made.
    wrong_refusals: int = 0
    # An answer with an age lacks something older.
    older_than_told: int = 0
    # An answer is older than its client asked for.
    below_minimum: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def anomalies(self) -> int:
        return (
            self.stale
            + self.went_back
            + self.wrong
            + self.early
            + self.disorder
            + self.wrong_refusals
            + self.older_than_told
            + self.below_minimum
        )

    def add(self, other: "LevelFigures") -> None:
        oldest_ms = max(self.oldest_stale_ms, other.oldest_stale_ms)
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.oldest_stale_ms = oldest_ms

    def example(self, kind: str, detail: str, is_first: bool = False) -> None:
        self.examples.insert(0 if is_first else EXAMPLES, f"{kind}: {detail}")
        del self.examples[EXAMPLES:]


@dataclass(frozen=True, slots=True)
class Operation:
    """One request, as far as it concerns one register."""

    version: int
    started: float
    ended: float
    is_write: bool
    source: object


Store = int
Register = Level | Store


class Floor:
    """The highest version that was certain, over time."""

    def __init__(self, certain: Iterable[Operation]) -> None:
        self._times: list[float] = []
        self._versions: list[int] = []
        self._operations: list[Operation] = []
        for each in sorted(certain, key=lambda each: (each.ended, each.version)):
            if not self._versions or each.version > self._versions[-1]:
                self._times.append(each.ended)
                self._versions.append(each.version)
                self._operations.append(each)

    def at(self, time: float) -> int:
        """What had ended before a moment."""
        index = bisect_left(self._times, time)
        return self._versions[index - 1] if index else 0

    def since(self, version: int) -> float:
        """When more than a version became certain."""
        index = bisect_right(self._versions, version)
        return self._times[index] if index < len(self._times) else inf

    def witness(self, version: int) -> Operation:
        """Of that."""
        return self._operations[bisect_right(self._versions, version)]


def check_levels(history: History, ledger: Ledger, include: Callable[[Read], bool] = lambda _: True) -> LevelFigures:
    """`include`: the reads that this ledger answers for, if not all."""
    figures = LevelFigures()
    reads = [read for read in history.reads if include(read)]
    for read in reads:
        figures.reads += 1
        figures.hits += read.is_hit
        figures.unproven += read.freshness is not None
        if read.position < read.minimum:
            figures.below_minimum += 1
            figures.example("below the minimum", f"{read}")
        check_contents(read, ledger, figures)
    operations = by_register(history, reads, ledger)
    for register, found in operations.items():
        check_register(register, found, figures)
    check_refusals(history, ledger, operations, figures)
    return figures


def check_contents(read: Read, ledger: Ledger, figures: LevelFigures) -> None:
    """Was it so, at the position that it names?"""
    expected = {
        product: ledger.on_hand(level, version)
        for product in (ledger.products(read.store) if read.is_whole else read.levels)
        if (version := ledger.version(level := Level(read.store, product), read.position)) or not read.is_whole
    }
    if expected != read.levels:
        differences = {
            product: (read.levels.get(product), expected.get(product))
            for product in expected.keys() | read.levels.keys()
            if read.levels.get(product) != expected.get(product)
        }
        figures.wrong += 1
        figures.example("wrong", f"store {read.store} at {read.position}, product: (shown, true) {differences}: {read}")


def by_register(history: History, reads: list[Read], ledger: Ledger) -> dict[Register, list[Operation]]:
    operations: dict[Register, list[Operation]] = defaultdict(list)
    for read in reads:
        for product in read.levels:
            level = Level(read.store, product)
            version = ledger.version(level, read.position)
            operations[level].append(Operation(version, read.started, read.ended, False, read))
        if read.is_whole:
            operations[read.store].append(Operation(read.position, read.started, read.ended, False, read))
    started = {change.reference: write for write in history.writes for change in write.changes}
    for entry in ledger.entries:
        write = started.get(entry.reference) if entry.reference else None
        if write is None:
            continue
        version = ledger.version(entry.level, entry.position)
        operations[entry.level].append(Operation(version, write.started, write.ended, True, write))
        operations[entry.level.store].append(Operation(entry.position, write.started, write.ended, True, write))
    return operations


def check_register(register: Register, operations: list[Operation], figures: LevelFigures) -> None:
    acknowledged = Floor(each for each in operations if each.is_write)
    shown = Floor(each for each in operations if not each.is_write and not is_unproven(each))
    for each in operations:
        missing_since = acknowledged.since(each.version)
        if each.is_write:
            if each.version <= acknowledged.at(each.started):
                figures.disorder += 1
                figures.example("disorder", f"{register}: {each}")
            elif each.version <= shown.at(each.started):
                figures.early += 1
                figures.example("early", f"{register}: {each}")
        elif is_unproven(each):
            age = told_age_s(each.source)
            if missing_since < each.started - age:
                figures.older_than_told += 1
                figures.example("older than told", f"{register}: {each}, {each.started - missing_since:.3f} s old")
        elif missing_since < each.started:
            figures.stale += 1
            age_ms = (each.started - missing_since) * 1_000
            detail = f"{register} by {age_ms:.1f} ms: {each} after {acknowledged.witness(each.version)}"
            # The worst first.
            figures.example("stale", detail, is_first=age_ms > figures.oldest_stale_ms)
            figures.oldest_stale_ms = max(figures.oldest_stale_ms, age_ms)
        elif shown.since(each.version) < each.started:
            figures.went_back += 1
            figures.example("went back", f"{register}: {each} after {shown.witness(each.version)}")


def is_unproven(operation: Operation) -> bool:
    return isinstance(operation.source, Read) and operation.source.freshness is not None


def told_age_s(read: object) -> float:
    """Of `unproven;age=4`; without an age, nothing is promised."""
    assert isinstance(read, Read) and read.freshness is not None
    for parameter in read.freshness.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "age":
            return float(value)
    return inf


def check_refusals(
    history: History, ledger: Ledger, operations: dict[Register, list[Operation]], figures: LevelFigures
) -> None:
    """A level that a refusal names was there at some moment while the request was made."""
    writes: dict[Level, list[Operation]] = defaultdict(list)
    for register, found in operations.items():
        if isinstance(register, Level):
            writes[register] = [each for each in found if each.is_write]
    floors = {level: Floor(found) for level, found in writes.items()}
    for refusal in history.refusals:
        level = refusal.level
        lowest = floors[level].at(refusal.started) if level in floors else 0
        highest = max((each.version for each in writes[level] if each.started <= refusal.ended), default=lowest)
        possible = {ledger.on_hand(level, version) for version in range(lowest, highest + 1)}
        if refusal.on_hand >= refusal.wanted or refusal.on_hand not in possible:
            figures.wrong_refusals += 1
            figures.example("wrong refusal", f"{refusal}")
