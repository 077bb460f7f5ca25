"""What a request costs each part of the service, made from the figures of `ops/bench costs`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from measure.command import Failed

# The parts of the service, and the load beside it.
PARTS = ("khata", "primary", "replica", "redis", "load")
MEASURED = Path(__file__).with_name("measured.json")
Sample = Mapping[str, Any]


@dataclass(frozen=True)
class WriteCost:
    """Of a movement, and of the transaction that it shares with others: seconds of a processor, or bytes."""

    transaction: float
    movement: float

    def total(self, movements: float) -> float:
        """Of one transaction."""
        return self.transaction + movements * self.movement


@dataclass(frozen=True)
class Costs:
    # Seconds of a processor, by part.
    writes: Mapping[str, WriteCost]
    reads: Mapping[str, Mapping[str, float]]
    # What each part takes without requests, of a core.
    idle: Mapping[str, float]
    wal: WriteCost
    flush_s: float
    # From one process on the machine to another one: what wakes it up.
    hop_s: float
    lanes: int


@dataclass(frozen=True)
class Footprints:
    """What does not depend on the load."""

    # Of one instance.
    primary_connections: float
    # When all stock is cached.
    redis_bytes_per_level: float
    # Of a movement.
    database_bytes: float

    def redis_bytes(self, goods: int) -> float:
        return goods * self.redis_bytes_per_level


def read_samples(path: Path) -> tuple[list[Sample], Sample]:
    """Those of the scenario `costs`, and that of the warm cache of a chain."""
    try:
        found = json.loads(path.read_text())["scenarios"]
    except (OSError, ValueError, KeyError) as error:
        raise Failed(f"{path} has no figures of ops/bench: {error!r}") from error
    samples = [each for each in found if each["name"].startswith("costs")]
    warm = [each for each in found if each["name"] == "chain warming"]
    if not samples or not warm:
        raise Failed(f"{path} does not have all figures: run ops/bench --json {path} costs chain")
    return samples, warm[0]


def of_kind(samples: Sequence[Sample], kind: str) -> list[Sample]:
    """From the lowest load to the highest, that of a closed loop."""
    return sorted((each for each in samples if each["kind"] == kind), key=lambda each: each["per_second"])


def costs(samples: Sequence[Sample]) -> Costs:
    [idle] = of_kind(samples, "idle")
    writes = of_kind(samples, "movements")
    background = {part: idle["processor"][part] for part in PARTS}
    write_costs = {
        part: fitted(
            [
                (each["transactions_per_second"], each["per_second"], each["processor"][part] - background[part])
                for each in writes
            ]
        )
        for part in PARTS
    }
    reads = {
        kind: {
            part: max(0.0, sample["processor"][part] - background[part]) / sample["per_second"] for part in PARTS
        }
        for kind in ("hits", "levels", "pages")
        # Each request finds what it would on a machine that is not full.
        for sample in of_kind(samples, kind)[:1]
    }
    # One client's work does not depend on what shares a transaction.
    write_costs["load"] = WriteCost(0, median(each["processor"]["load"] / each["per_second"] for each in writes))
    lowest, fastest = writes[0], of_kind(samples, "hits")[0]
    busy_s = sum(reads["hits"].values())
    return Costs(
        writes=write_costs,
        reads=reads,
        idle=background,
        wal=fitted(
            [(each["transactions_per_second"], each["per_second"], each["wal_bytes_per_second"]) for each in writes]
        ),
        flush_s=lowest["flush_ms"] / 1_000,
        hop_s=max(0.0, fastest["p50_ms"] / 1_000 - busy_s) / HIT_HOPS,
        lanes=lowest["lanes"],
    )


# To the instance, to Redis and back, to the client.
HIT_HOPS = 4


def footprints(samples: Sequence[Sample], warm: Sample) -> Footprints:
    writes = of_kind(samples, "movements")
    return Footprints(
        primary_connections=max(each["primary_connections"] for each in samples),
        redis_bytes_per_level=warm["redis_bytes_per_level"],
        # Files grow by many pages at a time.
        database_bytes=sum(each["database_bytes_per_second"] for each in writes)
        / sum(each["per_second"] for each in writes),
    )


def fitted(points: Sequence[tuple[float, float, float]]) -> WriteCost:
    """The two costs that explain best what transactions and movements a second took together (least squares of the
    relative differences). Neither is below 0."""
    rows = [(transactions / total, movements / total) for transactions, movements, total in points if total > 0]
    if not rows:
        return WriteCost(0, 0)
    aa, ab, bb = (sum(x * y for x, y in pairs) for pairs in products(rows))
    a, b = sum(row[0] for row in rows), sum(row[1] for row in rows)
    determinant = aa * bb - ab * ab
    if determinant > 1e-12 * aa * bb:
        both = WriteCost((a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant)
        if both.transaction >= 0 and both.movement >= 0:
            return both
    alone = WriteCost(a / aa, 0), WriteCost(0, b / bb)
    return min(alone, key=lambda cost: sum((x * cost.transaction + y * cost.movement - 1) ** 2 for x, y in rows))


def products(rows: Sequence[tuple[float, float]]) -> tuple[list[tuple[float, float]], ...]:
    return [(x, x) for x, _ in rows], [(x, y) for x, y in rows], [(y, y) for _, y in rows]
