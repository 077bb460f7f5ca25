"""Two primaries at once are found, and a failover there and back is none."""

from unittest import TestCase

from measure.chaos.checks.timelines import Observation, overlaps


class TimelineTests(TestCase):
    def test_there_and_back(self) -> None:
        seen = [Observation("a", 1, 0, 1), Observation("b", 2, 2, 3), Observation("a", 3, 4, 5)]
        self.assertEqual(overlaps(seen), [])

    def test_old_primary_goes_on(self) -> None:
        seen = [Observation("a", 1, 0, 1), Observation("b", 2, 2, 3), Observation("a", 1, 4, 5)]
        self.assertEqual(len(overlaps(seen)), 1)

    def test_answer_that_was_under_way(self) -> None:
        """It may have been the primary when it was asked, before the other one was."""
        seen = [Observation("b", 2, 2, 3), Observation("a", 1, 1, 4)]
        self.assertEqual(overlaps(seen), [])
