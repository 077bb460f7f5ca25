"""A process of ours, to be killed, stopped and started again."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measure.machine.guardian import start_time
from measure.machine.undo import Journal
from measure.machine.waiting import eventually


class EndedEarly(Exception):
    """A process ended that nobody had told to; the message has its last lines."""


class Process:
    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        journal: Journal,
        environment: Mapping[str, str],
        folder: Path,
        ending: signal.Signals = signal.SIGKILL,
        descriptors: Sequence[int] = (),
    ) -> None:
        """`ending`: the signal at which it ends at once, and leaves nothing behind. `descriptors`: those of this process
        that it gets."""
        self.name = name
        self._ending = ending
        self.log = log
        # From its next start on.
        self.command = command
        self._environment, self._folder = environment, folder
        self._journal = journal
        self._descriptors = descriptors
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock, self.log.open("ab") as log:
            assert not self.is_alive, f"{self.name} runs"
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                cwd=self._folder,
                start_new_session=True,
                pass_fds=self._descriptors,
            )
            self._journal.process(self._child.pid, self._ending)

    def await_ready(self, is_ready: Callable[[], bool], within_s: float = 60) -> None:
        """Waits until it answers; it may not end meanwhile."""

        def check() -> bool:
            if not self.is_alive:
                raise EndedEarly(f"{self.name} ended early:\n{self.last_lines()}")
            return is_ready()

        eventually(f"{self.name} answers", check, within_s)

    @property
    def pid(self) -> int:
        assert self._child, f"{self.name} was never started"
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Negative: the number of the signal that ended it."""
        return self._child.poll() if self._child else None

    def kill(self) -> None:
        """kill -9; it is gone when this returns, and what it had started likewise."""
        pids = [self.pid, *descendants(self.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait(10)
        eventually(f"{self.name} has ended", lambda: not any(map(start_time, pids[1:])), within_s=10)

    def stop(self, number: signal.Signals = signal.SIGTERM, patience_s: float = 60) -> None:
        """Asks it to end, and waits for that."""
        if self.is_alive:
            self.signal(number)
            self._wait(patience_s)

    def end(self) -> None:
        """Whatever state it is in."""
        self.resume_all()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop(self._ending, patience_s=10)
        if self.is_alive:
            self.kill()

    def signal(self, number: signal.Signals) -> None:
        if self.is_alive:
            os.kill(self.pid, number)

    def pause(self) -> None:
        """SIGSTOP: what is sent to it waits in the kernel."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def pause_all(self) -> None:
        """It and its children, which it cannot have more of once it is stopped."""
        self.pause()
        signal_all(self._descendants(), signal.SIGSTOP)

    def resume_all(self) -> None:
        signal_all(self._descendants(), signal.SIGCONT)
        self.resume()

    def _descendants(self) -> list[int]:
        return descendants(self.pid) if self.is_alive else []

    def last_lines(self, count: int = 20) -> str:
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""

    def _wait(self, seconds: float) -> None:
        assert self._child
        self._child.wait(seconds)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """Children, and theirs."""
    children: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                children += map(int, (task / "children").read_text().split())
    return children + [other for child in children for other in descendants(child)]
