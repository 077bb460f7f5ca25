"""Hashes one password after the other, as the service does for who logs in: with as little claim to the processors."""

import hashlib
import os
import time
from typing import Any

from measure.machine.child import answer


def hash_passwords(order: dict[str, Any]) -> int:
    """How many."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    end = time.monotonic() + order["seconds"]
    count = 0
    while time.monotonic() < end:
        hashlib.scrypt(b"wrong", salt=b"0123456789abcdef", n=1 << 14, r=8, p=5, maxmem=1 << 26)
        count += 1
    return count


if __name__ == "__main__":
    answer(hash_passwords)
