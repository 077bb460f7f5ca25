"""What single measurements are summed up with."""

from collections.abc import Sequence
from statistics import median
from typing import Any, TypeVar

Figures = TypeVar("Figures", bound=tuple[float, ...])


def middle(values: Sequence[float]) -> float:
    """The median, to a thousandth; of an even number of values it lies between two of them."""
    return round(median(values), 3)


def medians(rounds: Sequence[Figures]) -> Figures:
    """Of rounds of named figures: the median of each figure by itself."""
    make: Any = type(rounds[0])
    figures: Figures = make(*map(middle, zip(*rounds, strict=True)))
    return figures


def quantile(ascending: Sequence[float], share: float) -> float:
    """Of values in order; 0 of none."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))] if ascending else 0.0


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the line that fits best (least squares)."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
