"""Machines on a network of their own: a namespace each, and a router between them that can drop what it likes."""

import os
from collections.abc import Iterable
from itertools import combinations
from typing import Self

from measure.machine.child import run
from measure.machine.undo import Journal
from measure.network.hosts import Host

# 198.18.0.0/15 is set aside for tests of networks (RFC 2544): nothing else uses it. A run takes 64 addresses of it.
BLOCKS = 1 << (17 - 6)

Pair = tuple[str, str]


class Network:
    """Hosts by name. This machine reaches all of them, whatever is cut between them."""

    def __init__(self, names: Iterable[str], journal: Journal) -> None:
        self._prefix = f"kh{os.getpid()}"
        self._router = f"{self._prefix}-router"
        names = list(names)
        self.hosts = {name: Host(address(number, 2), f"{self._prefix}-{name}") for number, name in enumerate(names, 1)}
        for namespace in [self._router, *(host.namespace for host in self.hosts.values())]:
            assert namespace
            journal.namespace(namespace)
            run("ip", "netns", "add", namespace)
        run("ip", "netns", "exec", self._router, "sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1")
        self._connect(0, None)
        for number, host in enumerate(self.hosts.values(), 1):
            self._connect(number, host.namespace)
        self._rules: list[list[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in [self._router, *(host.namespace for host in self.hosts.values())]:
            run("ip", "netns", "delete", str(namespace))

    def cut(self, pairs: Iterable[Pair]) -> None:
        """What one sends to the other is lost, both ways, and nobody is told."""
        for one, other in pairs:
            for here, there in ((one, other), (other, one)):
                rule = ["from", self.hosts[here].address, "to", self.hosts[there].address, "blackhole"]
                run("ip", "-n", self._router, "rule", "add", *rule)
                self._rules.append(rule)

    def heal(self) -> None:
        for rule in self._rules:
            run("ip", "-n", self._router, "rule", "delete", *rule)
        self._rules.clear()

    def _connect(self, number: int, namespace: str | None) -> None:
        """A cable from the router to a namespace, or to this machine."""
        here, there = f"{self._prefix}r{number}", f"{self._prefix}n{number}"
        inside = ["-n", namespace] if namespace else []
        run("ip", "-n", self._router, "link", "add", here, "type", "veth", "peer", "name", there)
        run("ip", "-n", self._router, "link", "set", there, "netns", namespace or str(os.getpid()))
        run("ip", "-n", self._router, "address", "add", f"{address(number, 1)}/30", "dev", here)
        run("ip", "-n", self._router, "link", "set", here, "up")
        run("ip", *inside, "address", "add", f"{address(number, 2)}/30", "dev", there)
        run("ip", *inside, "link", "set", there, "up")
        if namespace:
            run("ip", *inside, "link", "set", "lo", "up")
            run("ip", *inside, "route", "add", "default", "via", address(number, 1))
        else:
            run("ip", "route", "add", network(), "via", address(number, 1))


def address(number: int, last: int) -> str:
    return dotted((os.getpid() % BLOCKS) * 64 + number * 4 + last)


def network() -> str:
    return f"{dotted(os.getpid() % BLOCKS * 64)}/26"


def dotted(offset: int) -> str:
    return f"198.{18 + (offset >> 16)}.{offset >> 8 & 255}.{offset & 255}"


def pairs_between(side: Iterable[str], others: Iterable[str]) -> list[Pair]:
    others = list(others)
    return [(one, other) for one in side for other in others]


def partitions(names: list[str]) -> list[tuple[list[str], list[str]]]:
    """All ways to divide them into two sides, each once."""
    first, *rest = names
    return [
        ([first, *side], [name for name in rest if name not in side])
        for size in range(len(rest))
        for side in combinations(rest, size)
    ]
