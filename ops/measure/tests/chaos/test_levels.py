"""Each way in which a level can be shown wrongly is found, and nothing is found where nothing is wrong."""

import random
import unittest
from math import inf

from measure.chaos.checks.levels import LevelFigures, check_levels
from measure.chaos.checks.search import Step, is_linearizable
from measure.chaos.history import History
from measure.tests.chaos.histories import LEVEL, OTHER, Shop


def found(shop: Shop) -> dict[str, int]:
    """The anomalies, by name."""
    figures = check_levels(shop.history, shop.ledger)
    names = (
        "stale",
        "went_back",
        "wrong",
        "early",
        "disorder",
        "wrong_refusals",
        "older_than_told",
        "below_minimum",
    )
    return {name: count for name in names if (count := getattr(figures, name))}


class Levels(unittest.TestCase):
    def test_nothing_is_wrong(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.read(2, 3, on_hand=1, position=1)
        shop.write(4, 5)
        shop.read(4, 6, on_hand=1, position=1)
        shop.read(5.5, 6, on_hand=2, position=2)
        shop.page(7, 8, {LEVEL.product: 2}, position=2)
        self.assertEqual(found(shop), {})

    def test_an_acknowledged_movement_is_missing(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3)
        shop.read(3.5, 4, on_hand=1, position=1)
        figures = check_levels(shop.history, shop.ledger)
        self.assertEqual(figures.stale, 1)
        self.assertAlmostEqual(figures.oldest_stale_ms, 500)

    def test_its_age_is_that_of_the_first_movement_that_is_missing(self) -> None:
        shop = Shop()
        for moment in (0, 2, 4):
            shop.write(moment, moment + 1)
        shop.read(6, 7, on_hand=1, position=1)
        self.assertAlmostEqual(check_levels(shop.history, shop.ledger).oldest_stale_ms, 3_000)

    def test_a_movement_that_is_acknowledged_during_the_read_may_be_missing(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3.1)
        shop.read(3, 4, on_hand=1, position=1)
        self.assertEqual(found(shop), {})

    def test_another_level_is_not_concerned(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3, level=OTHER)
        shop.read(4, 5, on_hand=1, position=1)
        self.assertEqual(found(shop), {})

    def test_a_page_without_the_last_movement_of_its_store_is_stale_even_if_its_levels_are_right(self) -> None:
        shop = Shop()
        shop.write(0, 1, delta=5)
        shop.write(2, 3, delta=1)
        shop.write(4, 5, delta=-1)
        shop.page(6, 7, {LEVEL.product: 5}, position=1)
        # The level, and the store.
        self.assertEqual(found(shop), {"stale": 2})

    def test_a_level_is_stale_even_if_it_has_the_value_again(self) -> None:
        shop = Shop()
        shop.write(0, 1, delta=5)
        shop.write(2, 3, delta=1)
        shop.write(4, 5, delta=-1)
        shop.read(6, 7, on_hand=5, position=1)
        self.assertEqual(found(shop), {"stale": 1})

    def test_what_one_read_has_shown_another_takes_back(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 9)
        shop.read(3, 4, on_hand=2, position=2)
        shop.read(5, 6, on_hand=1, position=1)
        self.assertEqual(found(shop), {"went_back": 1})

    def test_so_does_it_if_the_movement_was_never_acknowledged(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, inf)
        shop.read(3, 4, on_hand=2, position=2)
        shop.read(5, 6, on_hand=1, position=1)
        self.assertEqual(found(shop), {"went_back": 1})

    def test_reads_at_the_same_time_may_differ(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 9)
        shop.read(3, 5, on_hand=2, position=2)
        shop.read(4, 6, on_hand=1, position=1)
        self.assertEqual(found(shop), {})

    def test_a_movement_of_unknown_outcome_may_be_seen_or_not(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, inf)
        shop.unrecorded(2)
        shop.read(3, 4, on_hand=1, position=1)
        shop.read(5, 6, on_hand=2, position=2)
        self.assertEqual(found(shop), {})

    def test_what_was_never_so_is_shown(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.read(2, 3, on_hand=9, position=1)
        self.assertEqual(found(shop), {"wrong": 1})

    def test_a_page_lacks_a_product(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3, level=OTHER)
        shop.page(4, 5, {LEVEL.product: 1}, position=2)
        self.assertEqual(found(shop), {"wrong": 1})

    def test_a_page_has_a_product_that_was_not_there(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.page(2, 3, {LEVEL.product: 1, OTHER.product: 1}, position=1)
        self.assertEqual(found(shop), {"wrong": 1})

    def test_a_product_is_not_missing_before_it_came(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3, level=OTHER)
        shop.page(1.5, 2.5, {LEVEL.product: 1}, position=1)
        self.assertEqual(found(shop), {})

    def test_a_movement_is_shown_before_it_was_asked_for(self) -> None:
        shop = Shop()
        shop.write(4, 5)
        shop.read(2, 3, on_hand=1, position=1)
        self.assertEqual(found(shop), {"early": 1})

    def test_movements_stand_in_another_order_than_they_took_place(self) -> None:
        shop = Shop()
        shop.write(4, 5)
        shop.write(0, 1)
        self.assertEqual(found(shop), {"disorder": 2})  # of the level, and of the store

    def test_a_refusal_names_a_level_that_was_there(self) -> None:
        shop = Shop()
        shop.write(0, 1, delta=3)
        shop.write(2, 3, delta=-2)
        shop.refusal(2.5, 4, on_hand=1, wanted=2)
        shop.refusal(0.5, 2.5, on_hand=3, wanted=4)
        self.assertEqual(found(shop), {})

    def test_a_refusal_names_a_level_that_was_over(self) -> None:
        shop = Shop()
        shop.write(0, 1, delta=1)
        shop.write(2, 3, delta=4)
        shop.refusal(4, 5, on_hand=1, wanted=2)
        self.assertEqual(found(shop), {"wrong_refusals": 1})

    def test_a_refusal_names_a_level_that_was_enough(self) -> None:
        shop = Shop()
        shop.write(0, 1, delta=3)
        shop.refusal(2, 3, on_hand=3, wanted=3)
        self.assertEqual(found(shop), {"wrong_refusals": 1})

    def test_an_unproven_answer_may_lack_what_is_not_older_than_its_age(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3)
        shop.read(4, 5, on_hand=1, position=1, freshness="unproven;age=2")
        shop.read(9, 10, on_hand=1, position=1, freshness="unproven")
        self.assertEqual(found(shop), {})

    def test_an_unproven_answer_lacks_what_is_older_than_its_age(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 3)
        shop.read(9, 10, on_hand=1, position=1, freshness="unproven;age=2")
        self.assertEqual(found(shop), {"older_than_told": 1})

    def test_an_unproven_answer_shows_what_never_was_so(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.read(9, 10, on_hand=7, position=1, freshness="unproven;age=2")
        self.assertEqual(found(shop), {"wrong": 1})

    def test_a_strict_read_need_not_show_what_an_unproven_one_did(self) -> None:
        """It says of itself that it is not to be relied on."""
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, inf)
        shop.read(3, 4, on_hand=2, position=2, freshness="unproven")
        shop.read(5, 6, on_hand=1, position=1)
        self.assertEqual(found(shop), {})

    def test_an_answer_is_older_than_its_client_asked_for(self) -> None:
        shop = Shop()
        shop.write(0, 1)
        shop.write(2, 9)
        shop.read(3, 4, on_hand=1, position=1, minimum=2)
        self.assertEqual(found(shop), {"below_minimum": 1})

    def test_figures_add_up(self) -> None:
        first, second = LevelFigures(reads=1, oldest_stale_ms=5), LevelFigures(reads=2, oldest_stale_ms=3)
        first.add(second)
        self.assertEqual((first.reads, first.oldest_stale_ms), (3, 5))


class Search(unittest.TestCase):
    """The search is what the check by positions is compared with, so it is tested by itself."""

    def test_in_turn(self) -> None:
        self.assertTrue(is_linearizable([Step(0, 1, delta=5, on_hand=5), Step(2, 3, on_hand=5)]))
        self.assertFalse(is_linearizable([Step(0, 1, delta=5, on_hand=5), Step(2, 3, on_hand=0)]))

    def test_at_the_same_time(self) -> None:
        write = Step(0, 9, delta=5, on_hand=5)
        self.assertTrue(is_linearizable([write, Step(1, 2, on_hand=0), Step(3, 4, on_hand=5)]))
        self.assertFalse(is_linearizable([write, Step(1, 2, on_hand=5), Step(3, 4, on_hand=0)]))

    def test_pending(self) -> None:
        write = Step(0, inf, delta=5)
        self.assertTrue(is_linearizable([write, Step(1, 2, on_hand=0)]))
        self.assertTrue(is_linearizable([write, Step(1, 2, on_hand=5)]))
        self.assertFalse(is_linearizable([write, Step(1, 2, on_hand=5), Step(3, 4, on_hand=0)]))

    def test_never_below_zero(self) -> None:
        self.assertFalse(is_linearizable([Step(0, 1, delta=-1, on_hand=-1)]))

    def test_refused(self) -> None:
        stock = Step(0, 1, delta=2, on_hand=2)
        self.assertTrue(is_linearizable([stock, Step(2, 3, delta=-3, refused_at=2)]))
        self.assertFalse(is_linearizable([stock, Step(2, 3, delta=-3, refused_at=0)]))
        self.assertFalse(is_linearizable([stock, Step(2, 3, delta=-2, refused_at=2)]))

    def test_order_of_writes(self) -> None:
        self.assertFalse(is_linearizable([Step(0, 1, delta=1, on_hand=3), Step(2, 3, delta=2, on_hand=2)]))


class BothAgree(unittest.TestCase):
    """On many random histories, right and wrong, the check by positions and the search say the same."""

    def test_they_agree(self) -> None:
        verdicts = {True: 0, False: 0}
        for seed in range(1_500):
            shop = random_shop(random.Random(seed))
            by_position = not found(shop)
            by_search = is_linearizable(steps(shop.history))
            self.assertEqual(by_position, by_search, f"seed {seed}: {shop.history}")
            verdicts[by_search] += 1
        self.assertGreater(min(verdicts.values()), 100, f"of both kinds there are enough: {verdicts}")


def random_shop(rng: random.Random) -> Shop:
    """Goods only come in, so that a value stands for one version, as a position does."""
    shop = Shop()
    moments: list[tuple[float, int, int]] = [(0.0, 0, 0)]  # when each version came into being: time, on hand, position
    at = 0.0
    for _ in range(rng.randint(1, 5)):
        at += rng.random()
        ended = at + rng.random() if rng.random() < 0.8 else inf
        shop.write(at - rng.random(), ended, delta=rng.randint(1, 3))
        entry = shop.entries[-1]
        moments.append((at, entry.on_hand, entry.position))
    for _ in range(rng.randint(1, 6)):
        moment = rng.random() * (at + 1)
        version = max(index for index, (time, _, _) in enumerate(moments) if time <= moment)
        if rng.random() < 0.15:
            version = rng.randrange(len(moments))
        _, on_hand, position = moments[version]
        shop.read(moment - rng.random() / 2, moment + rng.random() / 2, on_hand, position)
    return shop


def steps(history: History) -> list[Step]:
    writes = [
        Step(
            write.started,
            write.ended,
            write.changes[0].delta,
            write.recorded[0].on_hand if write.recorded else None,
        )
        for write in history.writes
    ]
    return writes + [Step(read.started, read.ended, on_hand=read.levels[LEVEL.product]) for read in history.reads]


if __name__ == "__main__":
    unittest.main()
