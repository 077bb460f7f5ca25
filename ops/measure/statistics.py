"""What single measurements are summed up with."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

Value = TypeVar("Value")


def alternate(rounds: int, *sides: Callable[[], Value]) -> list[list[Value]]:
    """Measures each side once, and again, so many times, and returns the values of each. Whatever else the machine does
    meanwhile hits all sides."""
    found: list[list[Value]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, values in zip(sides, found, strict=True):
            values.append(side())
    return found


def middle(values: Sequence[float]) -> float:
    """The median, to a thousandth; of an even number of values it lies between two of them."""
    return round(median(values), 3)


def quantile(ascending: Sequence[float], share: float) -> float:
    """Of values in order; 0 of none."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))] if ascending else 0.0


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the line that fits best (least squares)."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
