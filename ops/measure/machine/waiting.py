"""Waiting for a condition, with a limit."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PAUSE_S = 0.01


class NotInTime(Exception):
    """Something did not come about; the message says what."""


def eventually(what: str, condition: Callable[[], Value], within_s: float = 60, pause_s: float = PAUSE_S) -> Value:
    """The condition's first value that is true."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise NotInTime(f"not within {within_s:g} s: {what}")
        time.sleep(pause_s)
    return value
