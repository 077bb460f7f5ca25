"""The process of a link: forwards, and breaks what it is told to break. One JSON object a line in, and one out."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections import Counter
from typing import Any

from measure.machine.child import say
from measure.network.commits import ClientStream, Piece

BUFFER = 1 << 16
COMMITTED = b"COMMIT\0"
# One of those that `Link` sends, or its answer.
Message = dict[str, Any]

FAULTS = ("before", "during", "after")


class Link:
    def __init__(self, target: tuple[str, int], is_postgres: bool) -> None:
        self.target = target
        self.is_postgres = is_postgres
        self.passing = asyncio.Event()
        self.passing.set()
        self.is_refusing = False
        self.delay_s = 0.0
        self.pairs: dict[int, Pair] = {}
        self.counts: Counter[str] = Counter()
        self.commits_to_break = 0
        self.to_stop: int | None = None
        self._numbers = itertools.count()
        self._faults = itertools.cycle(FAULTS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_refusing:
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        number = next(self._numbers)
        pair = self.pairs[number] = Pair(self, (reader, writer), (server_reader, server_writer))
        self.counts["connections"] += 1
        await pair.run()
        del self.pairs[number]

    def next_fault(self) -> str | None:
        if self.commits_to_break == 0:
            return None
        self.commits_to_break -= 1
        fault = next(self._faults)
        self.counts[fault] += 1
        return fault

    def do(self, command: Message) -> Message:
        match command:
            case {"do": "lead_to", "target": [host, port]}:
                self.target = host, port
            case {"do": "cut", "share": share}:
                pairs = list(self.pairs.values())[: round(len(self.pairs) * share)]
                for pair in pairs:
                    pair.close()
                return {"cut": len(pairs)}
            case {"do": "hold"}:
                self.passing.clear()
            case {"do": "delay", "seconds": seconds}:
                self.delay_s = seconds
            case {"do": "refuse"}:
                self.is_refusing = True
                for pair in self.pairs.values():
                    pair.close()
            case {"do": "release"}:
                self.is_refusing = False
                self.passing.set()
            case {"do": "break_commits", "count": count}:
                self.commits_to_break += count
            case {"do": "stop_after_commit", "pid": pid}:
                self.to_stop = pid
            case {"do": "stop_no_more"}:
                self.to_stop = None
            case {"do": "counts"}:
                return dict(self.counts)
            case _:
                raise ValueError(f"not understood: {command}")
        return {}


class Pair:
    """A client's connection, and the one to the server in its place."""

    def __init__(
        self,
        link: Link,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._link, self._client, self._server = link, client, server
        self._stream = ClientStream() if link.is_postgres else None
        self._awaits_commit = False
        # What the server says from now on is lost.
        self._is_deaf = False

    async def run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.close)
            tasks = [asyncio.create_task(self._to_server()), asyncio.create_task(self._to_client())]
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def _to_server(self) -> None:
        (reader, _), (_, writer) = self._client, self._server
        while data := await reader.read(BUFFER):
            await asyncio.sleep(self._link.delay_s)
            await self._link.passing.wait()
            pieces = list(self._stream.pieces(data)) if self._stream else [Piece(data)]
            for index, piece in enumerate(pieces):
                writer.write(piece.data)
                if not piece.is_before_commit:
                    continue
                self._awaits_commit = True
                fault = self._link.next_fault()
                if fault == "during":
                    writer.write(b"".join(piece.data for piece in pieces[index + 1 :]))
                if fault in ("before", "during"):
                    await writer.drain()
                    return
                self._is_deaf = fault == "after"
            await writer.drain()

    async def _to_client(self) -> None:
        (_, writer), (reader, _) = self._client, self._server
        while data := await reader.read(BUFFER):
            await asyncio.sleep(self._link.delay_s)
            await self._link.passing.wait()
            has_committed = self._awaits_commit and COMMITTED in data
            if self._is_deaf:
                if has_committed:
                    return
                continue
            if has_committed:
                self._awaits_commit = False
                if self._link.to_stop is not None:
                    os.kill(self._link.to_stop, signal.SIGSTOP)
                    self._link.to_stop = None
                    self._link.counts["stopped"] += 1
            writer.write(data)
            await writer.drain()


async def main() -> None:
    target, is_postgres = json.loads(sys.argv[1])
    link = Link(tuple(target), is_postgres)
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    say({"address": server.sockets[0].getsockname()})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        say(link.do(json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main())
