"""What clients did and were told, and when. Times are of the monotonic clock, which all processes of a machine share.

An interval begins before a request is sent and ends when its answer was read, so it is never shorter than it was for
the service: what is found by comparing intervals was so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import NamedTuple, Self


class Level(NamedTuple):
    """A product in a store."""

    store: int
    product: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a client wants of one level. `reference` is found in the ledger."""

    level: Level
    delta: int
    reference: str


@dataclass(frozen=True, slots=True)
class Recorded:
    position: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class Write:
    """A request that was made until it was answered; its first attempt is its beginning."""

    changes: tuple[Change, ...]
    started: float
    # Never, if its outcome is not known: it may have happened at any time, or not.
    ended: float = inf
    recorded: tuple[Recorded, ...] | None = None
    instance: str = ""
    history: str | None = None

    @property
    def is_acknowledged(self) -> bool:
        return self.recorded is not None


@dataclass(frozen=True, slots=True)
class Read:
    """Levels that were shown, of one store."""

    store: int
    levels: Mapping[int, int]
    # Whether products that are not shown have no level.
    is_whole: bool
    position: int
    started: float
    ended: float
    instance: str = ""
    route: str = ""
    # Cache-Status
    origin: str = ""
    # Inventory-Freshness: none says that nothing acknowledged is missing.
    freshness: str | None = None
    history: str | None = None
    # Inventory-Min-Position
    minimum: int = 0

    @property
    def is_hit(self) -> bool:
        return self.origin.endswith("; hit")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A level was too low for what was wanted."""

    level: Level
    on_hand: int
    wanted: int
    started: float
    ended: float
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was not carried out, or whose outcome is not known. Without an answer, `status` is `None`."""

    kind: str  # read, write
    instance: str
    started: float
    ended: float
    status: int | None
    code: str | None
    detail: str = ""

    @property
    def name(self) -> str:
        return self.code or (f"status {self.status}" if self.status else "no answer")


@dataclass
class History:
    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    # Answers that no client should get, in words.
    surprises: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, parts: Iterable["History"]) -> Self:
        whole = cls()
        for part in parts:
            for name in (each.name for each in fields(cls)):
                getattr(whole, name).extend(getattr(part, name))
        return whole

    @property
    def acknowledged(self) -> list[Write]:
        return [write for write in self.writes if write.is_acknowledged]
