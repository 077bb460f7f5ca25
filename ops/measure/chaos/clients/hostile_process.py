"""The process of hostile clients: slow, huge, malformed and random, at every port. A JSON object in, and one out."""

import asyncio
import contextlib
import logging
import re
import socket
import ssl
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from measure.machine.child import answer

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
# Who is not cut off by then is given up.
PATIENCE_S = 30.0
# For an answer to what is whole, or hopeless.
ANSWER_S = 2.0
PAUSE_S = 0.2


@dataclass(frozen=True)
class Target:
    name: str
    address: tuple[str, int]
    has_tls: bool


class Session:
    """One connection. Each kind of client is a method; it ends when the service has had enough."""

    def __init__(self, host: str, key: str, random: Random, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]):
        self._random = random
        self._reader, self._writer = streams
        self._head = f"Host: {host}\r\nAuthorization: Bearer {key}\r\n".encode()
        # What was sent first, to be shown.
        self.sent = b""

    # Slow

    async def says_nothing(self) -> None:
        await self._reader.read(1)

    async def slow_head(self) -> None:
        await self._trickle(b"GET /api/v1/stores/1/stock HTTP/1.1\r\nHost: example\r\nX-Slow: " + b"x" * 1_000)

    async def slow_body(self) -> None:
        await self._send(self._post(b"", length=1_000))
        await self._trickle(b"[" * 1_000)

    async def slow_reader(self) -> None:
        """Asks and asks, and takes nothing: what the kernel and the buffers here would take is the machine's to say."""
        transport = self._writer.transport
        getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport).pause_reading()
        request = b"GET /api/v1/stores/1/stock?limit=1000 HTTP/1.1\r\n" + self._head + b"\r\n"
        for _ in range(10_000):
            await self._send(request * 20)

    # Huge

    async def huge_head(self) -> None:
        await self._send(b"GET /readyz HTTP/1.1\r\nX-Huge: " + b"x" * (1 << 20) + b"\r\n\r\n")

    async def many_fields(self) -> None:
        await self._send(b"GET /readyz HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n")

    async def huge_body(self) -> None:
        await self._send(self._post(b"", length=10**12))
        for _ in range(1_000):
            await self._send(b" " * (1 << 16))

    async def endless_chunks(self) -> None:
        await self._send(self._post(b"", length=None))
        for _ in range(1_000):
            await self._send(b"10000\r\n" + b" " * (1 << 16) + b"\r\n")

    async def deep_json(self) -> None:
        await self._send(self._post(b'{"movements":' * 50_000))

    # Malformed

    async def malformed(self) -> None:
        await self._send(self._random.choice(MALFORMED).replace(b"HEAD\r\n", self._head))

    async def malformed_json(self) -> None:
        await self._send(self._post(self._random.choice(BODIES)))

    async def mutated(self) -> None:
        """A good request with a few bytes changed, put in or left out."""
        message = bytearray(self._random.choice([self._post(BODIES[0]), *GOOD]).replace(b"HEAD\r\n", self._head))
        for _ in range(self._random.randint(1, 5)):
            place = self._random.randrange(len(message))
            match self._random.randrange(3):
                case 0:
                    message[place] = self._random.randrange(256)
                case 1:
                    message[place:place] = self._random.randbytes(self._random.randint(1, 4))
                case _:
                    del message[place]
        await self._send(bytes(message))

    async def random_bytes(self) -> None:
        await self._send(self._random.randbytes(self._random.choice((1, 10, 1_000, 60_000))))

    async def broken_tls(self) -> None:
        """The beginning of a handshake, and then something else."""
        await self._send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self._random.randbytes(500))

    async def leaves_rudely(self) -> None:
        """In the middle of a request, with a reset."""
        await self._send(self._post(b"{", length=1_000))
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    # What they do

    async def answer(self) -> bytes:
        """The first piece, if there is one."""
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(ANSWER_S):
                return await self._reader.read(1 << 16)
        return b""

    async def _send(self, data: bytes) -> None:
        self.sent = self.sent or data[:1_000]
        if self._writer.is_closing() or self._reader.at_eof():
            raise ConnectionResetError
        self._writer.write(data)
        await self._writer.drain()
        # Over TLS, that alone may neither wait nor say that the connection is gone.
        await asyncio.sleep(0.001)

    async def _trickle(self, data: bytes) -> None:
        for byte in data:
            await self._send(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    # It may be told why before the end.
                    if not await self._reader.read(1 << 16):
                        return

    def _post(self, body: bytes, length: int | None = -1) -> bytes:
        """`length`: what the head says, if not the body's; `None` for chunks."""
        framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % max(length, len(body))
        lines = b"POST /api/v1/stock-movements HTTP/1.1\r\n" + self._head + b"Content-Type: application/json\r\n"
        return lines + framing + b"\r\n\r\n" + body


Kind = Callable[[Session], Coroutine[Any, Any, None]]
# These are to be cut off.
SLOW: list[Kind] = [Session.says_nothing, Session.slow_head, Session.slow_body, Session.slow_reader]
QUICK: list[Kind] = [
    Session.huge_head,
    Session.many_fields,
    Session.huge_body,
    Session.endless_chunks,
    Session.deep_json,
    Session.malformed,
    Session.malformed_json,
    Session.mutated,
    Session.random_bytes,
    Session.broken_tls,
    Session.leaves_rudely,
]
# HEAD stands for the host and a key.
GOOD = [
    b"GET /api/v1/stores/1/stock?limit=10 HTTP/1.1\r\nHEAD\r\n\r\n",
    b'GET /api/v1/stock/Chaos%201 HTTP/1.1\r\nHEAD\r\nIf-None-Match: "x"\r\n\r\n',
    b"GET /api/v1/stock-movements?store_id=1&from=2020-01-01T00:00:00Z&limit=3 HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /api/v1/stores/1/stock/1 HTTP/1.1\r\nHEAD\r\nInventory-Min-Position: 1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHEAD\r\n\r\n",
]
MALFORMED = [
    b"\r\n" * 1_000,
    b"GET\r\n\r\n",
    b"GET  /  HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHEAD\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /api/v1/stores/1/stock HTTP/1.1\nHost: a\n\n",
    b"GET /api/v1/stock/%zz%00%ff HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /api/v1/stores/99999999999999999999/stock HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /api/v1/stores/1/stock?limit=-1&cursor=%00&q=%f0%9f HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /api/v1/stock-movements?from=99999-99-99T99:99:99Z HTTP/1.1\r\nHEAD\r\n\r\n",
    b"GET /api/v1/stores/1/stock HTTP/1.1\r\nHEAD\r\nInventory-Min-Position: 99999999999999999999\r\n\r\n",
    b"GET /api/v1/stores/1/stock HTTP/1.1\r\nHEAD\r\nIf-None-Match: " + b'"x",' * 2_000 + b"\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHEAD\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHEAD\r\n\r\n",
    b"CONNECT example:443 HTTP/1.1\r\nHEAD\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"GET /readyz HTTP/1.1\r\nHEAD\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    b"POST /api/v1/stock-movements HTTP/1.1\r\nHEAD\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/stock-movements HTTP/1.1\r\nHEAD\r\nContent-Length: 1, 2\r\n\r\n{}",
    b"POST /api/v1/stock-movements HTTP/1.1\r\nHEAD\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    b"POST /api/v1/stock-movements HTTP/1.1\r\nHEAD\r\nTransfer-Encoding: gzip, chunked\r\n\r\nxyz\r\n\r\n",
    b"POST /api/v1/stock-movements HTTP/1.1\r\nHEAD\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"GET /readyz HTTP/1.1\r\nX\x00Y: z\r\n: empty\r\n folded\r\n\r\n",
    b"GET /readyz HTTP/1.1\r\nHost: a\r\nAuthorization: Basic " + b"=" * 5_000 + b"\r\n\r\n",
    b"GET /readyz HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n\r\n",
]
BODIES = [
    b'{"store_id": 40, "product_id": 40, "movement_type": "stock-in", "quantity": 1}',
    b'{"store_id": 1e400, "product_id": -0, "movement_type": "sale", "quantity": 9223372036854775808}',
    b'{"store_id": 1, "store_id": 2, "product_id": 1, "movement_type": "sale", "quantity": 0.1}',
    b'{"store_id": 40, "product_id": 40, "movement_type": "stock-in", "quantity": 1, "note": "\\ud800\\u0000"}',
    b'{"store_id": 40, "product_id": 40, "movement_type": "stock-in", "quantity": 1, "note": "\xff\xfe\xc0\x80"}',
    b'{"movements": {}}',
    b'{"product_name": "' + b"\xcc\x81" * 30_000 + b'"}',
    b"[" * 100_000,
    b"\xef\xbb\xbf{}",
    b"null",
    b'"',
    b"",
]


class Hostile:
    def __init__(self, order: dict[str, Any]) -> None:
        self._targets = [Target(each["name"], tuple(each["address"]), each["has_tls"]) for each in order["targets"]]
        self._key, self._random = order["key"], Random(order["seed"])
        self._end = time.monotonic() + order["seconds"]
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        # Of the slow: seconds until they were cut off, by kind and port.
        self.cut_s: dict[str, list[float]] = defaultdict(list)
        self.not_cut: Counter[str] = Counter()
        # What was answered 500.
        self.failures: list[str] = []

    async def run(self, slow: int, quick: int) -> None:
        await asyncio.gather(*(self._client(SLOW) for _ in range(slow)), *(self._client(QUICK) for _ in range(quick)))

    async def _client(self, kinds: list[Kind]) -> None:
        while time.monotonic() < self._end:
            target, kind = self._random.choice(self._targets), self._random.choice(kinds)
            await self._attack(target, kind)
            await asyncio.sleep(PAUSE_S)

    async def _attack(self, target: Target, kind: Kind) -> None:
        """From an address of its own: what it is refused, others are not."""
        tls = self._tls if target.has_tls and self._random.random() < 0.7 else None
        source = f"127.{self._random.randint(1, 254)}.{self._random.randint(1, 254)}.{self._random.randint(1, 254)}"
        name = f"{kind.__name__.replace('_', ' ')} at {target.name}"
        self.counts[kind.__name__] += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                streams = await asyncio.open_connection(*target.address, ssl=tls, local_addr=(source, 0))
        except (OSError, TimeoutError):
            self.statuses["not connected"] += 1
            return
        session = Session(target.address[0], self._key, self._random, streams)
        # A thousand handshakes at once take this process its time.
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                # It may be cut off at any moment: that is what is wanted.
                with contextlib.suppress(OSError):
                    await kind(session)
            if kind in SLOW:
                self.cut_s[name].append(time.monotonic() - began)
            else:
                self._note(name, session.sent, await session.answer())
        except TimeoutError:
            self.not_cut[name] += 1
        finally:
            streams[1].transport.abort()

    def _note(self, name: str, sent: bytes, answer: bytes) -> None:
        found = STATUS.findall(answer) or [b"no answer"]
        self.statuses.update(status.decode() for status in found)
        if b"500" in found:
            self.failures.append(f"{name}: {sent!r} was answered {answer[:500]!r}")


async def run(order: dict[str, Any]) -> dict[str, Any]:
    hostile = Hostile(order)
    # What a peer does to a connection is nobody's error here.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    await hostile.run(order["slow"], order["quick"])
    return {
        "counts": hostile.counts,
        "statuses": hostile.statuses,
        "cut_s": {name: max(times) for name, times in hostile.cut_s.items()},
        "not_cut": hostile.not_cut,
        "failures": hostile.failures[:20],
    }


if __name__ == "__main__":
    answer(lambda order: asyncio.run(run(order)))
