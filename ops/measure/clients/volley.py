"""Many requests at the same moment, each on a connection of its own."""

import contextlib
import selectors
from collections.abc import Sequence

from measure.clients.http import Answer, Connection, Unanswered


def volley(connections: Sequence[Connection], messages: Sequence[bytes], timeout_s: float = 60) -> list[Answer | None]:
    """All are sent before the first answer is read; `None` stands for one that did not come."""
    answers: list[Answer | None] = [None] * len(connections)
    with selectors.DefaultSelector() as selector:
        for index, connection in enumerate(connections):
            selector.register(connection.open(), selectors.EVENT_READ, index)
        for connection, message in zip(connections, messages, strict=True):
            connection.send(message)
        while selector.get_map():
            ready = selector.select(timeout_s)
            if not ready:
                break
            for key, _ in ready:
                selector.unregister(key.fileobj)
                with contextlib.suppress(Unanswered):
                    answers[key.data] = connections[key.data].receive()
    return answers
