import unittest

from measure.chaos.checks.availability import during, longest_silence


class Availability(unittest.TestCase):
    def test_longest_silence(self) -> None:
        self.assertEqual(longest_silence([1, 2, 6], 0, 10), 4)
        self.assertEqual(longest_silence([], 0, 10), 10)
        self.assertEqual(longest_silence([-5, 8, 20], 0, 10), 8)

    def test_during(self) -> None:
        self.assertTrue(during([(0, 1), (2, 5)], 3, 4))
        self.assertFalse(during([(0, 1), (2, 5)], 1, 3))


if __name__ == "__main__":
    unittest.main()
