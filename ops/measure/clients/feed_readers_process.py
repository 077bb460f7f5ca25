"""Readers of a store's changes, each a stream of Server-Sent Events. Steered."""

import asyncio
import json
import resource
import sys
import time
from typing import Any

from measure.machine.child import say

# Connections opened at a time; and the clients' addresses, because the service limits the connections of one.
AT_ONCE = 50
ADDRESSES = 4
PATIENCE_S = 120.0


class Readers:
    def __init__(self, order: dict[str, Any]) -> None:
        self._address = tuple(order["address"])
        self._request = (
            f"GET /api/v1/stores/1/changes?after=latest HTTP/1.1\r\nHost: khata\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {order['key']}\r\n\r\n"
        ).encode()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._streams: list[asyncio.StreamReader] = []
        # Keeps the connections.
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, count: int) -> None:
        await asyncio.gather(*(self._open(number) for number in range(count)))

    async def _open(self, number: int) -> None:
        async with self._slots:
            own = f"127.0.0.{2 + number % ADDRESSES}"
            reader, writer = await asyncio.open_connection(*self._address, local_addr=(own, 0))
            writer.write(self._request)
            await reader.readuntil(b"retry: ")
            self._streams.append(reader)
            self._writers.append(writer)

    async def next_event(self) -> list[float]:
        """When it came to each of them, in order."""

        async def wait(reader: asyncio.StreamReader) -> float:
            await reader.readuntil(b"data: ")
            return time.monotonic()

        async with asyncio.timeout(PATIENCE_S):
            return sorted(await asyncio.gather(*map(wait, self._streams)))


async def main() -> None:
    order = json.loads(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    readers = Readers(order)
    await readers.open(order["count"])
    waiting = asyncio.create_task(readers.next_event())
    say({})
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        say(await waiting)
        waiting = asyncio.create_task(readers.next_event())


if __name__ == "__main__":
    asyncio.run(main())
