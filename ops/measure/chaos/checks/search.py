"""Whether a history of one level is linearizable, found by search: Wing and Gong's algorithm with Lowe's memoisation,
as in porcupine (https://github.com/anishathalye/porcupine).

It knows nothing of positions: only what was asked and answered. It is exponential at worst, so it is for the tests of
`levels.py`, which knows more and is fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Step:
    """One request. A read has no delta; a write that was refused, or of unknown outcome, no `on_hand` after it."""

    started: float
    ended: float
    delta: int | None = None
    on_hand: int | None = None
    # The level that a refusal named.
    refused_at: int | None = None

    @property
    def is_pending(self) -> bool:
        return self.ended == inf

    def applied(self, on_hand: int) -> int | None:
        """The level after it; `None` if it cannot have answered so at this level."""
        if self.refused_at is not None:
            return on_hand if on_hand == self.refused_at and on_hand + (self.delta or 0) < 0 else None
        after = on_hand + (self.delta or 0)
        if after < 0 or (self.on_hand is not None and self.on_hand != after):
            return None
        return after


def is_linearizable(steps: Sequence[Step], initial: int = 0) -> bool:
    steps = sorted(steps, key=lambda step: step.started)
    due = sum(1 << index for index, step in enumerate(steps) if not step.is_pending)
    seen: set[tuple[int, int]] = set()
    # Depth first: what was put in order already, as bits, and the level after that.
    stack = [(0, initial)]
    while stack:
        done, on_hand = stack.pop()
        if done & due == due:
            return True
        # Who began after another one's end that is not in the order yet has to wait.
        horizon = min((step.ended for index, step in enumerate(steps) if not done >> index & 1), default=inf)
        for index, step in enumerate(steps):
            if step.started > horizon:
                break
            if done >> index & 1:
                continue
            after = step.applied(on_hand)
            if after is None:
                continue
            state = (done | 1 << index, after)
            if state not in seen:
                seen.add(state)
                stack.append(state)
    return False
