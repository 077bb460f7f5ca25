import unittest
from typing import NamedTuple

from measure.statistics import medians, middle, quantile, slope


class Round(NamedTuple):
    per_second: float
    p99_ms: float


class Statistics(unittest.TestCase):
    def test_the_middle_of_an_even_number_lies_between_two(self) -> None:
        self.assertEqual(middle([30, 10, 20]), 20)
        self.assertEqual(middle([30, 10, 20, 41]), 25)
        self.assertEqual(middle([0.1, 0.2]), 0.15)
        self.assertEqual(middle([1, float("inf"), float("inf")]), float("inf"))

    def test_each_figure_of_rounds_has_its_own_median(self) -> None:
        rounds = [Round(10, 9), Round(30, 1), Round(20, 5)]
        self.assertEqual(medians(rounds), Round(20, 5))
        self.assertEqual(medians([Round(10, 9), Round(30, 1), Round(20, 2)]), Round(20, 2))
        self.assertIsInstance(medians(rounds), Round)

    def test_a_quantile_is_one_of_the_values(self) -> None:
        values = list(range(1, 201))
        self.assertEqual([quantile(values, share) for share in (0, 0.5, 0.99, 1)], [1, 101, 199, 200])
        self.assertEqual(quantile([7], 0.99), 7)
        self.assertEqual(quantile([], 0.99), 0)

    def test_a_slope_is_that_of_the_line_that_fits_best(self) -> None:
        self.assertAlmostEqual(slope([0, 1, 2, 3], [5, 7, 9, 11]), 2)
        self.assertAlmostEqual(slope([0, 1, 2, 3], [1, -1, -1, 1]), 0)
        self.assertEqual(slope([1], [1]), 0)


if __name__ == "__main__":
    unittest.main()
