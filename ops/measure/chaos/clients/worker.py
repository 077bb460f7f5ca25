"""A client with a thread of its own, and the crew of them."""

import threading
import time
from collections.abc import Callable
from typing import Self

from measure.chaos.history import Failure, History
from measure.clients.http import Answer


class Worker(threading.Thread):
    """Does its work again and again until it is told to stop, and writes down what it sees."""

    def __init__(self, name: str, pause_s: float = 0) -> None:
        super().__init__(name=name, daemon=True)
        self.notes = History()
        self.error: BaseException | None = None
        self._pause_s = pause_s
        self._over = threading.Event()

    def work(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        try:
            while not self._over.is_set():
                self.work()
                if self._pause_s:
                    self._over.wait(self._pause_s)
        except BaseException as error:  # raised again by the crew
            self.error = error

    def stop(self) -> None:
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def failed(self, kind: str, instance: str, started: float, answer: Answer | None, detail: str = "") -> None:
        status, code = (answer.status, answer.code) if answer else (None, None)
        self.notes.failures.append(Failure(kind, instance, started, time.monotonic(), status, code, detail))


class Crew:
    """Workers that begin together; when the block ends they finish what they have begun."""

    def __init__(self, workers: list[Worker]) -> None:
        self.workers = workers

    def __enter__(self) -> Self:
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            worker.join()
        for worker in self.workers:
            if worker.error:
                raise worker.error

    def check(self) -> None:
        """That all are at work."""
        for worker in self.workers:
            if worker.error:
                raise worker.error

    def count(self, of: Callable[[History], int]) -> int:
        return sum(of(worker.notes) for worker in self.workers)

    @property
    def history(self) -> History:
        return History.of(worker.notes for worker in self.workers)
