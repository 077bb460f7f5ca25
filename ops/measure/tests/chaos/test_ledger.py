"""What is lost, counted twice, altered or made up is found."""

import unittest
from dataclasses import replace
from math import inf

from measure.chaos.checks.ledger import Entry, Ledger, check_exactly_once
from measure.chaos.history import Change, Level, Recorded, Write
from measure.tests.chaos.histories import LEVEL, OTHER, Shop


def shop() -> Shop:
    result = Shop()
    result.write(0, 1, delta=5)
    result.write(2, 3, delta=-2)
    return result


def found(shop: Shop) -> dict[str, int]:
    result = check_exactly_once(shop.history, shop.ledger)
    return {name: count for name in ("lost", "twice", "altered", "uninvited") if (count := getattr(result, name))}


class ExactlyOnce(unittest.TestCase):
    def test_nothing_is_wrong(self) -> None:
        self.assertEqual(found(shop()), {})

    def test_lost(self) -> None:
        wrong = shop()
        wrong.entries.pop()
        self.assertEqual(found(wrong), {"lost": 1})

    def test_twice(self) -> None:
        wrong = shop()
        wrong.entries.append(replace(wrong.entries[-1], position=3, on_hand=1))
        self.assertEqual(found(wrong), {"twice": 1})

    def test_twice_though_the_client_does_not_know_of_once(self) -> None:
        wrong = shop()
        wrong.write(4, inf)
        wrong.entries.append(replace(wrong.entries[-1], position=4))
        self.assertEqual(found(wrong), {"twice": 1})

    def test_at_another_position(self) -> None:
        wrong = shop()
        wrong.entries[-1] = replace(wrong.entries[-1], position=3)
        self.assertEqual(found(wrong), {"altered": 1})

    def test_with_another_quantity(self) -> None:
        wrong = shop()
        wrong.entries[-1] = replace(wrong.entries[-1], delta=-1)
        self.assertEqual(found(wrong), {"altered": 1})

    def test_in_another_store(self) -> None:
        wrong = shop()
        wrong.entries[-1] = replace(wrong.entries[-1], level=Level(2, LEVEL.product))
        self.assertEqual(found(wrong), {"lost": 1, "uninvited": 1})

    def test_made_up(self) -> None:
        wrong = shop()
        wrong.entries.append(Entry(3, OTHER, 1, 1, "nobody's"))
        self.assertEqual(found(wrong), {"uninvited": 1})

    def test_others_movements_without_a_reference_are_theirs(self) -> None:
        fine = shop()
        fine.entries.append(Entry(3, OTHER, 1, 1, None))
        self.assertEqual(found(fine), {})

    def test_of_unknown_outcome(self) -> None:
        fine = shop()
        fine.write(4, inf)
        fine.unrecorded(4)
        result = check_exactly_once(fine.history, fine.ledger)
        self.assertEqual((result.pending, result.pending_recorded, result.is_kept), (2, 1, True))

    def test_half_of_a_transfer(self) -> None:
        wrong = shop()
        target = Level(2, LEVEL.product)
        changes = (Change(LEVEL, -1, "t"), Change(target, 1, "t"))
        wrong.history.writes.append(Write(changes, 4, 5, (Recorded(3, 2), Recorded(1, 1))))
        wrong.entries.append(Entry(3, LEVEL, -1, 2, "t"))
        self.assertEqual(found(wrong), {"lost": 1})


class Versions(unittest.TestCase):
    def test_up_to_a_position(self) -> None:
        ledger = Ledger([Entry(2, LEVEL, 5, 5, None), Entry(3, OTHER, 1, 1, None), Entry(6, LEVEL, -1, 4, None)])
        self.assertEqual([ledger.version(LEVEL, position) for position in (1, 2, 5, 6, 9)], [0, 1, 1, 2, 2])
        self.assertEqual([ledger.on_hand(LEVEL, version) for version in (0, 1, 2)], [0, 5, 4])
        self.assertEqual(ledger.products(1), {7, 8})


if __name__ == "__main__":
    unittest.main()
