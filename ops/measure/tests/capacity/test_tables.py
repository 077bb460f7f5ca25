"""The tables, and where they go in a document."""

import json
import tempfile
import unittest
from pathlib import Path

from measure.capacity.__main__ import STORES, all_tables, replace_tables
from measure.capacity.costs import MEASURED, read_samples
from measure.command import Failed
from measure.places import REPOSITORY

DOCUMENT = """\
# Title

| a | old |
|---|---|
| 1 | gone |
| 2 | gone |

| other | stays |
|---|---|
| 1 | x |
"""


class Tables(unittest.TestCase):
    def test_those_with_the_same_head_are_replaced(self) -> None:
        found = replace_tables(DOCUMENT, [["| a | new |", "|---|---|", "| 3 | here |"]])
        self.assertEqual(
            found,
            "# Title\n\n| a | new |\n|---|---|\n| 3 | here |\n\n| other | stays |\n|---|---|\n| 1 | x |\n",
        )

    def test_a_document_without_them_is_refused(self) -> None:
        with self.assertRaisesRegex(Failed, "whose head begins with b"):
            replace_tables(DOCUMENT, [["| b | new |", "|---|---|"]])

    def test_those_of_the_documentation_are_from_the_last_measurement(self) -> None:
        document = (REPOSITORY / "docs/capacity.md").read_text()
        self.assertEqual(replace_tables(document, all_tables(MEASURED, STORES)), document)


class Figures(unittest.TestCase):
    def test_a_file_without_all_scenarios_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "figures.json"
            for content in ("", "{}", json.dumps({"scenarios": [{"name": "costs idle"}]})):
                path.write_text(content)
                with self.assertRaisesRegex(Failed, "figures"):
                    read_samples(path)


if __name__ == "__main__":
    unittest.main()
