"""How much processor time processes have taken."""

import contextlib
import os
import resource
from pathlib import Path

from measure.machine.process import descendants

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# In /proc/PID/stat, behind the name: user and system time, of the process and of its children that have ended.
FIRST, LAST = 11, 15


def processor_time_s(pid: int) -> float:
    """Of a process, its children, and those of them that have ended."""
    return sum(map(own_time_s, [pid, *descendants(pid)]))


def own_time_s(pid: int) -> float:
    """0 if it has ended: then its parent has it."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[FIRST:LAST])) / TICKS_PER_SECOND
    return 0.0


def ended_children_s() -> float:
    """Of all children of this process that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
