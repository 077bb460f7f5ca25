"""The process of a load: sends requests at a rate, or as fast as they are answered, and tells what came back. A JSON
object in, and one out."""

import asyncio
import contextlib
import json
import time
from collections import Counter, defaultdict
from typing import Any

from measure.clients.http import parse_head
from measure.machine.child import answer

# Stands for the number of a request, in nine digits.
NUMBER = b"#########"


class Load:
    def __init__(self, address: tuple[str, int], messages: list[bytes], patience_s: float) -> None:
        self._address, self._messages, self._patience_s = address, messages, patience_s
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._sent = 0
        self.began = time.monotonic()
        # By status and code: seconds until each answer.
        self.answers: dict[str, list[float]] = defaultdict(list)
        # By second since the beginning.
        self.successes: Counter[int] = Counter()

    async def closed(self, count: int, seconds: float) -> None:
        """So many clients, each of which asks again when it is answered."""

        async def client() -> None:
            while time.monotonic() < self.began + seconds:
                await self.ask()

        await asyncio.gather(*(client() for _ in range(count)))

    async def open(self, rate: float, seconds: float, maximum: int, waits: bool) -> None:
        """Requests are due at even distances, whenever the answers come; at most so many are under way. One that is too
        many is not sent, or waits for an answer to another."""
        under_way: set[asyncio.Task[None]] = set()
        for number in range(round(rate * seconds)):
            due = self.began + number / rate
            if (wait_s := due - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            if len(under_way) >= maximum and waits:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            elif len(under_way) >= maximum:
                self.answers["not sent"].append(0)
                if number % 100 == 0:
                    await asyncio.sleep(0)
                continue
            task = asyncio.create_task(self.ask())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def ask(self) -> None:
        message = self._messages[self._sent % len(self._messages)].replace(NUMBER, b"%09d" % self._sent)
        self._sent += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._patience_s):
                name = await self._exchange(message)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            name = f"no answer: {type(error).__name__}"
        now = time.monotonic()
        self.answers[name].append(now - began)
        if name.startswith("2"):
            self.successes[int(now - self.began)] += 1

    async def _exchange(self, message: bytes) -> str:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        if reader.at_eof():
            # The service has ended it: it was not used for long.
            writer.close()
            reader, writer = await asyncio.open_connection(*self._address)
        is_whole = False
        try:
            writer.write(message)
            (status, headers), length = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
            body = await reader.readexactly(length)
            is_whole = headers.get("connection", "").lower() != "close"
        finally:
            if is_whole:
                self._idle.append((reader, writer))
            else:
                writer.close()
        return str(status) if status < 400 else f"{status} {json.loads(body)['code']}"

    def close(self) -> None:
        for _, writer in self._idle:
            with contextlib.suppress(OSError):
                writer.close()


async def run(order: dict[str, Any]) -> dict[str, Any]:
    load = Load(tuple(order["address"]), [message.encode() for message in order["messages"]], order["patience_s"])
    if "rate" in order:
        await load.open(order["rate"], order["seconds"], order["maximum"], order["waits"])
    else:
        await load.closed(order["clients"], order["seconds"])
    load.close()
    return {"answers": load.answers, "successes": load.successes}


if __name__ == "__main__":
    answer(lambda order: asyncio.run(run(order)))
