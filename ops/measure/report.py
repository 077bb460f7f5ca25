"""What a run prints and writes: a table, and the same as JSON."""

import json
import os
import platform
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

GAP = "  "
# The last column is never narrower, however narrow the terminal.
LAST_COLUMN = 40


def table(header: Sequence[str], rows: Sequence[Sequence[str]], alignment: str, width: int | None = None) -> str:
    """`alignment`: `<` or `>` for each column. The last one is wrapped so that no line is longer than `width`; lines that
    it already consists of stay apart, each in its own lines."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    indent = len(GAP.join(" " * each for each in widths) + GAP)
    room = max(LAST_COLUMN, width - indent) if width else max(len(row[-1]) for row in (header, *rows))
    lines = []
    for row in (header, *rows):
        cells = [f"{cell:{side}{size}}" for cell, side, size in zip(row, alignment, widths, strict=False)]
        wrapped = [part for line in row[-1].splitlines() or [""] for part in textwrap.wrap(line, room) or [""]]
        if alignment[-1] == ">":
            wrapped = [part.rjust(room) for part in wrapped]
        lines.append(GAP.join([*cells, wrapped[0]]))
        lines += [" " * indent + part for part in wrapped[1:]]
    return "\n".join(line.rstrip() for line in lines)


def markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def replace_rows(document: str, rows: Mapping[str, str]) -> tuple[str, list[str]]:
    """Puts rows in the place of those with the same second cell in the tables of a document. Also returns the cells
    that it does not have."""
    left = dict(rows)
    lines = [
        left.pop(cells[2].strip(), line) if len(cells := line.split("|")) > 3 else line
        for line in document.splitlines()
    ]
    return "\n".join(lines) + "\n", list(left)


def write_json(path: Path, machine: Mapping[str, Any] = {}, **content: Any) -> None:
    """Adds when and where it was measured. `machine`: what else there is to say of that."""
    about = {
        "date": time.strftime("%FT%TZ", time.gmtime()),
        "machine": {"processors": os.cpu_count(), "kernel": platform.release(), **machine},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, **content}, indent=2, ensure_ascii=False) + "\n")
