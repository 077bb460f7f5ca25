"""What a run leaves on the machine, undone however the run ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from measure.machine import guardian
from measure.machine.guardian import start_time
from measure.places import MODULES


class Journal:
    """Tells the guardian, a process of its own, what there is to undo.

    The guardian begins when the journal is closed: by us, or by the kernel, whatever became of us. It undoes in reverse
    order, and only what is still there: a process counts as ours by its id and its start time.
    """

    def __init__(self) -> None:
        self._guardian = subprocess.Popen(
            [sys.executable, "-B", "-m", guardian.__name__],
            stdin=subprocess.PIPE,
            cwd=MODULES,
            start_new_session=True,  # ctrl-C in the terminal is ours alone
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._guardian.stdin
        self._guardian.stdin.close()
        self._guardian.wait()

    def folder(self, path: Path) -> None:
        self._write({"folder": str(path)})

    def mount(self, path: Path) -> None:
        self._write({"mount": str(path)})

    def namespace(self, name: str) -> None:
        self._write({"namespace": name})

    def shared_memory(self, id: int) -> None:
        self._write({"shared_memory": id})

    def process(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """`number`: the signal at which it ends at once, and in order."""
        self._write({"process": pid, "started": start_time(pid), "signal": number})

    def _write(self, entry: dict[str, object]) -> None:
        assert self._guardian.stdin
        # One write of few bytes: entries of several threads do not mix.
        os.write(self._guardian.stdin.fileno(), json.dumps(entry).encode() + b"\n")
