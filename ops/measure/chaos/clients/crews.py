"""The crews that scenarios put to work."""

import time
from collections.abc import Callable

from measure.chaos.clients.goods import Goods
from measure.chaos.clients.orders import batch
from measure.chaos.clients.progress import Progress
from measure.chaos.clients.reader import FollowingReader, Poller, Reader, Sweeper
from measure.chaos.clients.worker import Crew, Worker
from measure.chaos.clients.writer import Writer
from measure.chaos.history import Change, History
from measure.chaos.testbed import Testbed
from measure.servers.stack import Stack

GOODS = Goods()


def writers(
    testbed: Testbed,
    stack: Stack,
    count: int,
    goods: Goods = GOODS,
    pause_s: float = 0.01,
    patience_s: float = 30,
    progress: Progress | None = None,
    prefix: str = "",
    key: str | None = None,
) -> list[Worker]:
    """Each has an instance of its own to begin with, and tries the others if that one does not answer.

    `prefix`: of their names, if there are others in the same test. `key`: whose rates they share, if not the admin's.
    """
    names = list(stack.instances)
    return [
        Writer(
            name := f"{prefix}writer-{number}",
            stack.connect(*names[number % len(names) :], *names[: number % len(names)], key=key),
            goods,
            testbed.random(name),
            pause_s,
            patience_s,
            progress,
        )
        for number in range(count)
    ]


def readers(
    testbed: Testbed,
    stack: Stack,
    count: int,
    goods: Goods = GOODS,
    pause_s: float = 0.002,
    is_apart: bool = False,
) -> list[Worker]:
    """One of them looks at everything in turn.

    `is_apart`: each keeps to one instance, so that one that does not answer does not keep them all.
    """
    names = list(stack.instances)
    crew: list[Worker] = []
    for number in range(count):
        own = [names[number % len(names)]] if is_apart else names
        kind = Sweeper if number < (len(names) if is_apart else 1) else Reader
        name = f"reader-{number}"
        crew.append(kind(name, stack.connect(*own), goods, testbed.random(name), pause_s))
    return crew


def following_readers(testbed: Testbed, stack: Stack, count: int, progress: Progress) -> list[Worker]:
    return [
        FollowingReader(name := f"follower-{number}", stack.connect(), GOODS, testbed.random(name), progress, 0.002)
        for number in range(count)
    ]


def pollers(testbed: Testbed, stack: Stack, count: int) -> list[Worker]:
    return [Poller(name := f"poller-{number}", stack.connect(), GOODS, testbed.random(name)) for number in range(count)]


def work_under(
    testbed: Testbed, stack: Stack, strike: Callable[[], None], seconds: float, write_pause_s: float = 0.01
) -> tuple[History, int]:
    """A usual crew, while something is struck again and again. Returns what it saw, and how often that was."""
    stock = stock_up(testbed, stack)
    strikes = 0
    with Crew(writers(testbed, stack, 6, pause_s=write_pause_s) + readers(testbed, stack, 6)) as crew:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            strike()
            strikes += 1
            crew.check()
    return History.of([stock, crew.history]), strikes


def stock_up(testbed: Testbed, stack: Stack, goods: Goods = GOODS, quantity: int = 50) -> History:
    """Puts some of everything on the shelves."""
    writer = Writer("stock", stack.connect(), goods, testbed.random("stock"))
    levels = goods.levels
    for first in range(0, len(levels), 100):
        changes = [
            Change(level, quantity, f"stock-{first + index}") for index, level in enumerate(levels[first : first + 100])
        ]
        assert writer.record(batch(changes, is_atomic=True)), writer.notes.failures
    return writer.notes
