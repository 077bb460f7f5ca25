"""What figures are made of."""

import tempfile
import unittest
from pathlib import Path

from measure.chaos.catalog import SCENARIOS
from measure.chaos.report import Line, update_markdown
from measure.chaos.verdict import Verdict
from measure.clients.load import Outcome


class FiguresTests(unittest.TestCase):
    def test_a_rate_counts_whole_seconds_after_the_first(self) -> None:
        outcome = Outcome(4, {}, {0: 99, 1: 10, 2: 20, 3: 30, 4: 99})
        self.assertEqual(outcome.rate(), 20)

    def test_a_run_replaces_its_own_lines_in_a_document(self) -> None:
        first, second = SCENARIOS[:2]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.md"
            path.write_text(f"Text | with a bar\n| 1 | {first.name} | old |\n| 2 | {second.name} | old |\n")
            line = Line(first, Verdict({"lost": 0}, ["a | b"]), None, None, 2.4)
            update_markdown(path, [line], "short, seed 1")
            text, changed, other = path.read_text().splitlines()
        self.assertEqual((text, other), ("Text | with a bar", f"| 2 | {second.name} | old |"))
        self.assertIn(r"BROKEN | BROKEN: a \| b; 0 lost | short, seed 1, 2 s |", changed)


if __name__ == "__main__":
    unittest.main()
