"""Free ports."""

import itertools
import os
import random
import socket

# Below the range from which the kernel takes ports for outgoing connections.
FIRST, LAST = 20_000, 32_000
# From one run to the next another beginning, so that runs side by side seldom meet; it decides nothing in a test.
_candidates = itertools.cycle(range(FIRST, LAST))
for _ in range(random.Random(os.getpid()).randrange(LAST - FIRST)):
    next(_candidates)


def free_port() -> int:
    """Each call another one."""
    for port in _candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("the candidates never end")
