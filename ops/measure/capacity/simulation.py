"""Discrete events: a clock, processors that many share, and a log that is flushed for many at a time."""

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]
# So long a processor works on one thing while others wait.
TIME_SLICE_S = 0.001


class Simulation:
    def __init__(self) -> None:
        self.now = 0.0
        # The number keeps things that are due at the same time in order.
        self._events: list[tuple[float, int, Action]] = []
        self._numbers = count()

    def after(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), action))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = until


class Processors:
    """Of one machine. They take what waits in turn, each for a time slice."""

    def __init__(self, simulation: Simulation, cores: int) -> None:
        self._simulation, self.cores = simulation, cores
        self._idle = cores
        self._waiting: deque[tuple[float, Action]] = deque()
        # Since the beginning, of all cores.
        self.busy_s = 0.0

    def use(self, seconds: float, then: Action) -> None:
        if self._idle:
            self._idle -= 1
            self._run(seconds, then)
        else:
            self._waiting.append((seconds, then))

    def _run(self, seconds: float, then: Action) -> None:
        slice_s = min(seconds, TIME_SLICE_S) if self._waiting else seconds
        self.busy_s += slice_s

        def done() -> None:
            if seconds > slice_s:
                self._waiting.append((seconds - slice_s, then))
            if self._waiting:
                self._run(*self._waiting.popleft())
            else:
                self._idle += 1
            if seconds <= slice_s:
                then()

        self._simulation.after(slice_s, done)


class Log:
    """The write-ahead log: a flush writes all that waits when it begins. Who comes later waits for the next one."""

    def __init__(self, simulation: Simulation, flush_s: float) -> None:
        self._simulation, self._flush_s = simulation, flush_s
        self._waiting: list[Action] = []
        self._is_busy = False
        self.flushes = 0

    def flush(self, then: Action) -> None:
        self._waiting.append(then)
        if not self._is_busy:
            self._begin()

    def _begin(self) -> None:
        flushed, self._waiting = self._waiting, []
        self._is_busy = True
        self.flushes += 1

        def done() -> None:
            self._is_busy = False
            if self._waiting:
                self._begin()
            for then in flushed:
                then()

        self._simulation.after(self._flush_s, done)
