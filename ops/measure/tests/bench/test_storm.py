"""When a storm is over, and what the database had of it."""

import unittest

from measure.bench.loads.wrk import Rate
from measure.bench.scenarios.answers import Answer, Windows, windows
from measure.bench.scenarios.query_log import Query, most_at_once, parse
from measure.bench.scenarios.storm import Storm, result

LOG = """\
2025-11-22 04:00:01.250 UTC [71] khata@khata LOG:  duration: 50.000 ms  execute read.stock: SELECT
2025-11-22 04:00:01.250 UTC [72] khata@khata LOG:  duration: 0.100 ms  execute read.level: SELECT
2025-11-22 04:00:01.250 UTC [72] khata@khata DETAIL:  parameters: $1 = '9'
2025-11-22 04:00:01.250 UTC [71] khata@khata DETAIL:  parameters: $1 = '4', $2 = '20'
2025-11-22 04:00:02.000 UTC [71] khata@khata DETAIL:  parameters: $1 = '5'
""".splitlines()
ENDED = 1763784001.25


def steady(first_s: float, last_s: float, took_s: float) -> list[Answer]:
    """One each hundredth of a second, in the middle of it."""
    return [Answer(at / 100 + 0.005, took_s) for at in range(round(first_s * 100), round(last_s * 100))]


class WindowsTests(unittest.TestCase):
    def test_each_tenth_of_a_second_has_its_own_p99(self) -> None:
        found = windows(steady(9, 10, 0.002) + steady(10, 11, 0.004), moment=10)
        # Without the first, and without the last three.
        self.assertEqual([len(found.before), len(found.after)], [9, 7])
        self.assertTrue(all(abs(p99 - 2) < 0.001 for p99 in found.before))
        self.assertTrue(all(abs(p99 - 4) < 0.001 for p99 in found.after))

    def test_a_request_that_is_under_way_counts_with_what_it_has_taken(self) -> None:
        hanging = Answer(10.45, 0.4)
        found = windows([*steady(9, 11, 0.002), hanging], moment=10)
        self.assertEqual([round(p99) for p99 in found.after[:6]], [50, 150, 250, 350, 400, 2])

    def test_it_is_over_when_three_in_a_row_are_below_the_limit(self) -> None:
        self.assertEqual(Windows([], [50, 9, 9, 12, 9, 9, 9, 50]).recovered_ms(10), 400)
        self.assertEqual(Windows([], [9, 9, 9]).recovered_ms(10), 0)
        self.assertIsNone(Windows([], [9, 9, 12, 9, 9]).recovered_ms(10))


class QueryLog(unittest.TestCase):
    def test_a_query_and_its_parameters_belong_together(self) -> None:
        [(store, query)] = parse(LOG)
        self.assertEqual(store, "4")
        self.assertAlmostEqual(query.ended, ENDED)
        self.assertAlmostEqual(query.began, ENDED - 0.05)

    def test_only_those_that_surely_overlap_are_at_once(self) -> None:
        self.assertEqual(most_at_once([Query(0, 1), Query(0.5, 2), Query(1.5, 3)]), 2)
        self.assertEqual(most_at_once([Query(0, 1), Query(0.5, 2), Query(0.9, 3)]), 3)
        self.assertEqual(most_at_once([Query(0, 1), Query(0.9995, 2)]), 1)
        self.assertEqual(most_at_once([Query(0, 0.0005)]), 1)
        self.assertEqual(most_at_once([Query(0, 3), Query(0.9996, 1), Query(0.9993, 1.0004)]), 2)


class Rounds(unittest.TestCase):
    def storm(self, recovered_ms: int | None) -> Storm:
        return Storm(Rate(1_000, 1, 2), 3, 40, recovered_ms, 500, 1, 1)

    def test_one_that_did_not_recover_counts_as_the_slowest(self) -> None:
        found = result([self.storm(None), self.storm(100), self.storm(300)], 1024)
        self.assertEqual(found.others["recovered_ms"], 300)
        self.assertIn("and below 10 ms again after 300 ms; 500 database reads", found.note)

    def test_most_of_them_have_to_recover(self) -> None:
        found = result([self.storm(None), self.storm(None), self.storm(300)], 1024)
        self.assertIsNone(found.others["recovered_ms"])
        self.assertIn("did not stay below 10 ms", found.note)


if __name__ == "__main__":
    unittest.main()
