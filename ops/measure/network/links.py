"""The links between all parts of a stack, as a network that can be cut."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self

from measure.machine.undo import Journal
from measure.network.link import Address, Link

Pair = tuple[str, str]


class Links:
    """One link for each two parts that speak to each other. What is cut is refused, and both sides notice at once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._links: dict[frozenset[str], Link] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def between(self, one: str, other: str, target: Address) -> Link:
        """Leads the first one to the other."""
        link = self._links[frozenset((one, other))] = self._stack.enter_context(Link(target, self._journal))
        return link

    def cut(self, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            if link := self._links.get(frozenset(pair)):
                link.refuse()

    def heal(self) -> None:
        for link in self._links.values():
            link.release()
