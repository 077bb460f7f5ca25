"""HTTP as the API speaks it: one connection, kept open, for one thread."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Address = tuple[str, int]
# The service closes what is idle for a minute; who uses a connection just then has no answer.
IDLE_S = 30.0


class Unanswered(Exception):
    """There was no answer: what became of the request is not known."""


class Unexpected(Exception):
    """An answer has another status than it has to have."""


@dataclass(frozen=True)
class Answer:
    status: int
    # Their names in lower case.
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """Of a problem."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return None
        return str(self.json["code"])


class Connection:
    """Opened by the first request, and again by the one after a failure."""

    def __init__(self, address: Address, key: str | None, timeout_s: float = 10) -> None:
        self.address = address
        self._timeout_s = timeout_s
        host = "{}:{}".format(*address)
        self._common = f"Host: {host}\r\n" + (f"Authorization: Bearer {key}\r\n" if key else "")
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._used = 0.0

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Answer:
        return self.request("GET", path, None, headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] = {}) -> Answer:
        return self.request("POST", path, json.dumps(body).encode(), headers)

    def post_all(self, bodies: Iterable[tuple[str, Any]], status: int) -> None:
        """By path. Each has to be answered with this status."""
        for path, body in bodies:
            answer = self.post(path, body)
            if answer.status != status:
                raise Unexpected(f"{path} was answered {answer.status} {answer.body[:500]!r}")

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        self.send(self.message(method, path, body, headers))
        return self.receive()

    def message(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if body is not None:
            lines += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{method} /api/v1{path} HTTP/1.1\r\n{self._common}{lines}\r\n".encode() + (body or b"")

    def open(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket = socket.create_connection(self.address, self._timeout_s)
            except OSError as error:
                raise Unanswered(str(error)) from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._used = time.monotonic()
        return self._socket

    def send(self, message: bytes) -> None:
        if self._socket is not None and time.monotonic() - self._used > IDLE_S:
            self.close()
        try:
            self.open().sendall(message)
            self._used = time.monotonic()
        except OSError as error:
            self.close()
            raise Unanswered(str(error)) from error

    def receive(self) -> Answer:
        try:
            return self._answer()
        except (OSError, ValueError) as error:
            self.close()
            raise Unanswered(str(error)) from error

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
        self._buffer.clear()

    def _answer(self) -> Answer:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._read()
        head, length = parse_head(bytes(self._buffer[:end]))
        end += 4
        while len(self._buffer) < end + length:
            self._read()
        answer = Answer(*head, bytes(self._buffer[end : end + length]))
        del self._buffer[: end + length]
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def _read(self) -> None:
        assert self._socket
        data = self._socket.recv(1 << 16)
        if not data:
            raise OSError("the connection was closed before the answer")
        self._buffer += data


class SecureConnection(Connection):
    """Over TLS."""

    def __init__(self, address: Address, key: str | None, context: ssl.SSLContext, timeout_s: float = 10) -> None:
        super().__init__(address, key, timeout_s)
        self._context = context

    def open(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket = self._context.wrap_socket(super().open(), server_hostname=self.address[0])
            except OSError as error:
                self.close()
                raise Unanswered(str(error)) from error
        return self._socket


def parse_head(head: bytes) -> tuple[tuple[int, Mapping[str, str]], int]:
    """Status and headers, and the length of the body that follows."""
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/1."):
        raise ValueError(f"not HTTP: {first[:40]!r}")
    status = int(first.split(" ", 2)[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "transfer-encoding" in headers:
        raise ValueError("a body in chunks")
    has_body = status not in (204, 304)
    return (status, headers), int(headers.get("content-length", 0)) if has_body else 0
