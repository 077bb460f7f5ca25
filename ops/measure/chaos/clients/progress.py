"""How far clients know ledgers to have come."""

import threading
from collections import defaultdict


class Progress:
    """Shared by a crew."""

    def __init__(self) -> None:
        self._positions: dict[int, int] = defaultdict(int)
        self._lock = threading.Lock()

    def reached(self, store: int, position: int) -> None:
        with self._lock:
            self._positions[store] = max(position, self._positions[store])

    def position(self, store: int) -> int:
        return self._positions[store]
