import json
import tempfile
import unittest
from pathlib import Path

from measure.report import markdown_row, replace_rows, table, write_json


class Tables(unittest.TestCase):
    def test_columns_are_as_wide_as_what_is_in_them(self) -> None:
        rows = [["one", "12", "1.5"], ["two hundred", "3", "10"]]
        self.assertEqual(
            table(["name", "count", "ms"], rows, "<>>").splitlines(),
            [
                "name         count   ms",
                "one             12  1.5",
                "two hundred      3   10",
            ],
        )

    def test_the_last_column_is_wrapped_below_itself(self) -> None:
        text = "a b c d e f g h i j k l m n o p q r s t u v w x y z\nanother line"
        lines = table(["row", "figures"], [["1", text]], "><", width=45).splitlines()
        self.assertEqual(
            lines,
            [
                "row  figures",
                "  1  a b c d e f g h i j k l m n o p q r s t",
                "     u v w x y z",
                "     another line",
            ],
        )

    def test_the_last_column_keeps_a_width_in_a_narrow_terminal(self) -> None:
        lines = table(["row", "figures"], [["1", "word " * 20]], "><", width=10).splitlines()
        self.assertEqual(lines[1], "  1  " + " ".join(["word"] * 8))


class Markdown(unittest.TestCase):
    def test_a_bar_in_a_cell_is_no_border(self) -> None:
        self.assertEqual(markdown_row(["1", "a | b"]), r"| 1 | a \| b |")

    def test_rows_are_replaced_by_their_second_cell(self) -> None:
        document = "Text | with a bar\n| 1 | first | old |\n| 2 | second | old |\n"
        text, missing = replace_rows(document, {"second": "| 2 | second | new |", "third": "| 3 | third | new |"})
        self.assertEqual(text, "Text | with a bar\n| 1 | first | old |\n| 2 | second | new |\n")
        self.assertEqual(missing, ["third"])


class JSON(unittest.TestCase):
    def test_figures_say_where_they_are_from(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "figures.json"
            write_json(path, {"postgres": "15"}, rounds=3)
            found = json.loads(path.read_text())
        self.assertEqual((found["rounds"], found["machine"]["postgres"]), (3, "15"))
        self.assertRegex(found["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


if __name__ == "__main__":
    unittest.main()
