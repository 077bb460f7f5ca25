"""What a scenario found, as a row of the table, a note below it and an object of the JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from measure import report
from measure.bench.baselines.pgbench import PgbenchRate
from measure.bench.loads.wrk import Rate
from measure.statistics import medians

HEADER = ["scenario", "", "Khata/s", "baseline", "baseline/s", "ratio", "p50 ms", "p99 ms", "memory MiB"]
ALIGNMENT = "<>>>>>>>>"


@dataclass(frozen=True)
class Baseline:
    server: str
    # What it does: transactions, requests.
    unit: str
    rounds: Sequence[Rate | PgbenchRate]
    # Other figures, for the JSON.
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> Rate | PgbenchRate:
        return medians(self.rounds)

    @property
    def json(self) -> dict[str, Any]:
        return {"server": self.server, **figures(self.unit, self.rate), "rounds": self.rounds, **self.others}


@dataclass(frozen=True)
class Result:
    name: str
    # What it does: movements, reads.
    unit: str
    connections: int
    rounds: Sequence[Rate]
    # What the service took at most.
    memory_kib: int
    baseline: Baseline | None = None
    # Other figures, for the JSON.
    others: Mapping[str, Any] = field(default_factory=dict)
    # What the columns do not say.
    note: str = ""

    @property
    def rate(self) -> Rate:
        return medians(self.rounds)

    @property
    def ratio(self) -> float | None:
        return round(self.rate.per_second / self.baseline.rate.per_second, 2) if self.baseline else None

    @property
    def cells(self) -> list[str]:
        return [
            self.name,
            self.unit,
            f"{self.rate.per_second:.0f}",
            self.baseline.server if self.baseline else "-",
            f"{self.baseline.rate.per_second:.0f}" if self.baseline else "-",
            "-" if self.ratio is None else hundredths(self.ratio),
            hundredths(self.rate.p50_ms),
            hundredths(self.rate.p99_ms),
            f"{self.memory_kib / 1024:.0f}",
        ]

    @property
    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "connections": self.connections,
            "memory_kib": self.memory_kib,
            **figures(self.unit, self.rate),
            "rounds": self.rounds,
            "baseline": self.baseline.json if self.baseline else None,
            "ratio": self.ratio,
            **self.others,
        }


def figures(unit: str, rate: Rate | PgbenchRate) -> dict[str, float]:
    """For the JSON. `unit`: what there are so many of in a second."""
    return {f"{unit}_per_second" if name == "per_second" else name: value for name, value in rate._asdict().items()}


def table(results: Sequence[Result]) -> str:
    notes = [f"{result.name}: {result.note}" for result in results if result.note]
    return "\n".join([report.table(HEADER, [result.cells for result in results], ALIGNMENT), *notes])


def hundredths(value: float) -> str:
    """Without zeros at the end."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
