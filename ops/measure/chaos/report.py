"""The table at the end: a line for each scenario."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import report
from measure.chaos.scenario import Scenario
from measure.chaos.verdict import Figure, Verdict

# Of what shows that a promise was broken; the rest stands in the JSON.
EXAMPLES = 2


@dataclass(frozen=True)
class Line:
    scenario: Scenario
    verdict: Verdict | None
    # Why there is no verdict.
    skipped: str | None
    failed: str | None
    seconds: float

    @property
    def word(self) -> str:
        if self.skipped is not None:
            return "skipped"
        if self.verdict is None:
            return "FAILED"
        return "kept" if self.verdict.is_kept else "BROKEN"

    @property
    def is_good(self) -> bool:
        return self.word in ("kept", "skipped")

    @property
    def examples(self) -> list[str]:
        return self.verdict.examples if self.verdict else []

    @property
    def text(self) -> str:
        if self.verdict is None:
            return self.skipped or self.failed or ""
        figures = ", ".join(f"{shown(value)} {name}" for name, value in self.verdict.figures.items())
        return "; ".join([*(f"BROKEN: {breach}" for breach in self.verdict.breaches), figures])

    @property
    def cells(self) -> list[str]:
        examples = [textwrap.shorten(f"for example {example}", 600) for example in self.examples[:EXAMPLES]]
        last = "\n".join([f"{self.text} ({self.seconds:.0f} s)", *examples])
        return [str(self.scenario.row), self.scenario.name, self.word, last]

    @property
    def json(self) -> dict[str, Any]:
        return {
            "row": self.scenario.row,
            "name": self.scenario.name,
            "fault": self.scenario.fault,
            "promise": self.word,
            "seconds": round(self.seconds, 1),
            "figures": self.verdict.figures if self.verdict else {},
            "breaches": self.verdict.breaches if self.verdict else [],
            "examples": self.examples,
            "reason": self.skipped or self.failed,
        }

    def markdown(self, run: str) -> str:
        scenario = self.scenario
        when = f"{run}, {self.seconds:,.0f} s"
        return report.markdown_row([str(scenario.row), scenario.name, scenario.fault, self.word, self.text, when])


def shown(figure: Figure) -> str:
    return f"{figure:,.1f}" if isinstance(figure, float) else f"{figure:,}" if isinstance(figure, int) else figure


def table(lines: Sequence[Line], width: int) -> str:
    return report.table(["row", "fault", "promise", "figures"], [line.cells for line in lines], "><<<", width)


def update_markdown(path: Path, lines: Sequence[Line], run: str) -> None:
    """Puts lines in the place of those of the same scenarios in a table of a document."""
    rows = {line.scenario.name: line.markdown(run) for line in lines}
    text, missing = report.replace_rows(path.read_text(), rows)
    path.write_text(text)
    if missing:
        print(f"{path} has no line for {', '.join(missing)}")
