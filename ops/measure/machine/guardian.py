"""Undoes what a run of the fault tests leaves: reads the journal from standard input until it ends, then goes through
it backwards. A program of its own, so that it outlives the run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

PATIENCE_S = 10.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    entries = [json.loads(line) for line in sys.stdin]
    for entry in reversed(entries):
        undo(entry)


def undo(entry: dict[str, Any]) -> None:
    match entry:
        case {"process": pid, "started": started, "signal": number}:
            end(pid, started, number)
        case {"namespace": name}:
            run("ip", "netns", "delete", name)
        case {"shared_memory": id}:
            run("ipcrm", "--shmem-id", str(id))
        case {"mount": path}:
            run("umount", "--lazy", path)
        case {"folder": path}:
            shutil.rmtree(path, ignore_errors=True)


def end(pid: int, started: str | None, number: int) -> None:
    """With the signal that makes it end at once; without an effect, it is killed."""
    if started is None:
        return
    for each in (signal.SIGCONT, number, signal.SIGKILL):
        if start_time(pid) != started:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, each)
        deadline = time.monotonic() + (PATIENCE_S if each != signal.SIGCONT else 0)
        while start_time(pid) == started and time.monotonic() < deadline:
            time.sleep(0.01)


def start_time(pid: int) -> str | None:
    """What tells a process from a later one of the same id; `None` if it has ended, waited for or not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def run(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
