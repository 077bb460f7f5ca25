"""The table at the end, and the same as JSON."""

import json
import os
import platform
import shutil
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.scenario import Scenario
from faults.verdict import Figure, Verdict

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


def shown(figure: Figure) -> str:
    return f"{figure:,.1f}" if isinstance(figure, float) else f"{figure:,}" if isinstance(figure, int) else figure


def table(lines: Sequence[Line]) -> str:
    width = max(80, shutil.get_terminal_size((160, 24)).columns)
    names = max((len(line.scenario.name) for line in lines), default=0)
    rows = [f"{'row':>3}  {'fault':{names}}  {'promise':7}  figures"]
    indent = 3 + 2 + names + 2 + 7 + 2
    for line in lines:
        start = f"{line.scenario.row:>3}  {line.scenario.name:{names}}  {line.word:7}  "
        rows.append(
            textwrap.fill(
                f"{line.text} ({line.seconds:.0f} s)", width, initial_indent=start, subsequent_indent=" " * indent
            )
        )
        for example in line.examples[:EXAMPLES]:
            rows.append(" " * indent + textwrap.shorten(f"for example {example}", 600))
    return "\n".join(rows)


def update_markdown(path: Path, lines: Sequence[Line], run: str) -> None:
    """Puts lines in the place of those of the same scenarios in a table of a document."""
    rows = {line.scenario.name: markdown_row(line, run) for line in lines}
    old = path.read_text().splitlines()
    new = [rows.pop(cells[2].strip(), row) if len(cells := row.split("|")) > 3 else row for row in old]
    path.write_text("\n".join(new) + "\n")
    if rows:
        print(f"{path} has no line for {', '.join(rows)}")


def markdown_row(line: Line, run: str) -> str:
    cells = [str(line.scenario.row), line.scenario.name, line.scenario.fault, line.word, line.text]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in [*cells, f"{run}, {line.seconds:,.0f} s"]) + " |"


def document(lines: Sequence[Line], seed: int, mode: str) -> dict[str, Any]:
    return {
        "date": time.strftime("%FT%TZ", time.gmtime()),
        "machine": {"processors": os.cpu_count(), "kernel": platform.release()},
        "mode": mode,
        "seed": seed,
        "lines": [
            {
                "row": line.scenario.row,
                "name": line.scenario.name,
                "fault": line.scenario.fault,
                "promise": line.word,
                "seconds": round(line.seconds, 1),
                "figures": line.verdict.figures if line.verdict else {},
                "breaches": line.verdict.breaches if line.verdict else [],
                "examples": line.examples,
                "reason": line.skipped or line.failed,
            }
            for line in lines
        ],
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
