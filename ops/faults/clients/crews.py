"""The crews that scenarios put to work."""

import time
from collections.abc import Callable

from faults.bench import Bench
from faults.clients.goods import Goods
from faults.clients.orders import batch
from faults.clients.reader import Reader, Sweeper
from faults.clients.worker import Crew, Worker
from faults.clients.writer import Writer
from faults.history import Change, History
from faults.servers.stack import Stack

GOODS = Goods()


def writers(
    bench: Bench, stack: Stack, count: int, goods: Goods = GOODS, pause_s: float = 0.01, patience_s: float = 30
) -> list[Worker]:
    """Each has an instance of its own to begin with, and tries the others if that one does not answer."""
    names = list(stack.instances)
    return [
        Writer(
            name := f"writer-{number}",
            stack.connect(*names[number % len(names) :], *names[: number % len(names)]),
            goods,
            bench.random(name),
            pause_s,
            patience_s,
        )
        for number in range(count)
    ]


def readers(
    bench: Bench, stack: Stack, count: int, goods: Goods = GOODS, pause_s: float = 0.002
) -> list[Worker]:
    """One of them looks at everything in turn."""
    kinds = [Sweeper, *[Reader] * (count - 1)]
    return [
        kind(name := f"reader-{number}", stack.connect(), goods, bench.random(name), pause_s)
        for number, kind in enumerate(kinds[:count])
    ]


def work_under(
    bench: Bench, stack: Stack, strike: Callable[[], None], seconds: float, write_pause_s: float = 0.01
) -> tuple[History, int]:
    """A usual crew, while something is struck again and again. Returns what it saw, and how often that was."""
    stock = stock_up(bench, stack)
    strikes = 0
    with Crew(writers(bench, stack, 6, pause_s=write_pause_s) + readers(bench, stack, 6)) as crew:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            strike()
            strikes += 1
            crew.check()
    return History.of([stock, crew.history]), strikes


def stock_up(bench: Bench, stack: Stack, goods: Goods = GOODS, quantity: int = 50) -> History:
    """Puts some of everything on the shelves."""
    writer = Writer("stock", stack.connect(), goods, bench.random("stock"))
    levels = goods.levels
    for first in range(0, len(levels), 100):
        changes = [
            Change(level, quantity, f"stock-{first + index}") for index, level in enumerate(levels[first : first + 100])
        ]
        assert writer.record(batch(changes, is_atomic=True)), writer.notes.failures
    return writer.notes


