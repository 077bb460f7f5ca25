"""Processes that do a piece of work for a run, and print what came of it."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from measure.machine.undo import Journal
from measure.places import MODULES


class ChildFailed(Exception):
    """A process ended with another status than 0, or not in time."""


def run(*command: str) -> None:
    """A command that is over at once."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildFailed(f"{' '.join(command)} failed: {done.stderr.strip()}")


def module_command(module: ModuleType | str, python: str = sys.executable) -> list[str]:
    """A module of this package as a program. It has to be started in `MODULES`. `module`: itself, or its name, if only
    `python` can import it."""
    return [python, "-B", "-m", module if isinstance(module, str) else module.__name__]


class Child:
    """Begins at once. Whoever starts one either waits for its output or leaves its block, at which it is killed."""

    def __init__(
        self,
        command: Sequence[str],
        journal: Journal,
        given: str | None = None,
        has_own_session: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`given`: its standard input. `has_own_session`: the kernel divides the processors among sessions first
        (sched_autogroup), so what is to have one share together stays in the session of the run. `environment`: the
        run's, if none is given."""
        self.name = Path(command[0]).name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=MODULES,
            env=environment,
            text=True,
            # In any case, ctrl-C in the terminal is the run's alone.
            start_new_session=has_own_session,
            process_group=None if has_own_session else 0,
        )
        journal.process(self._process.pid)
        if given is not None:
            assert self._process.stdin
            # What went wrong, its status says.
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
                stream.write(given)
            self._process.stdin = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def output(self, timeout_s: float | None = None) -> str:
        """Waits until it ends."""
        try:
            output, _ = self._process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise ChildFailed(f"{self.name} took longer than {timeout_s:g} s") from error
        if self._process.returncode:
            raise ChildFailed(f"{self.name} ended with {self._process.returncode}: {output[-1_000:]}")
        return output


class Task(Child):
    """A module of this package that answers an order (see `answer`)."""

    def __init__(
        self,
        module: ModuleType | str,
        order: dict[str, Any],
        journal: Journal,
        has_own_session: bool = True,
        python: str = sys.executable,
    ) -> None:
        command = module_command(module, python)
        super().__init__(command, journal, json.dumps(order), has_own_session)
        self.name = command[-1]

    def found(self, timeout_s: float | None = None) -> Any:
        """Waits for what it found."""
        return json.loads(self.output(timeout_s))


class Steered:
    """A module of this package that does what it is told until its block ends: a JSON object a line in, and one out."""

    def __init__(self, module: ModuleType | str, order: Any, journal: Journal, python: str = sys.executable) -> None:
        """`order`: its argument, which all users of the machine can see."""
        command = module_command(module, python)
        self.name = command[-1]
        self._process = subprocess.Popen(
            [*command, json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=MODULES,
            start_new_session=True,
            text=True,
        )
        journal.process(self._process.pid)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def do(self, name: str, **arguments: Any) -> Any:
        with self._lock:
            assert self._process.stdin
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps({"do": name, **arguments}) + "\n")
                self._process.stdin.flush()
            return self.receive()

    def receive(self) -> Any:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return json.loads(line)
        raise ChildFailed(f"{self.name} ended with {self._process.wait()}")


def say(answer: Any) -> None:
    """What a steered module says to an order."""
    print(json.dumps(answer), flush=True)


def answer(work: Callable[[dict[str, Any]], Any]) -> None:
    """What such a module does when it runs: a JSON object in, and one out."""
    print(json.dumps(work(json.loads(sys.stdin.read()))))
