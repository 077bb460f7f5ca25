"""A session with a PostgreSQL server: the simple query protocol, as far as the tests need it."""

import contextlib
import socket
import struct
from typing import Self

Row = tuple[str | None, ...]

# What these sessions are called.
APPLICATION = "chaos"


class SQLError(Exception):
    """What the server said, or that it does not answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code


LOST = "08006"


class Session:
    """Trusted by the server (Unix socket or pg_hba.conf)."""

    def __init__(
        self, address: str | tuple[str, int], database: str, user: str = "postgres", timeout_s: float = 30
    ) -> None:
        """`address`: the path of a Unix socket, or host and port."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise SQLError(LOST, str(error)) from error
        self._input = self._socket.makefile("rb")
        options = f"user\0{user}\0database\0{database}\0application_name\0{APPLICATION}\0\0".encode()
        self._send(struct.pack("!ii", len(options) + 8, 196608) + options)
        self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, sql: str) -> list[Row]:
        """Runs statements; the rows are those of all of them."""
        text = sql.encode() + b"\0"
        self._send(b"Q" + struct.pack("!i", len(text) + 4) + text)
        return self._receive()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
            self._socket.close()

    def _send(self, message: bytes) -> None:
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise SQLError(LOST, str(error)) from error

    def _receive(self) -> list[Row]:
        """Until the server is ready for the next query."""
        rows: list[Row] = []
        error: SQLError | None = None
        while True:
            kind, body = self._message()
            if kind == b"D":
                rows.append(fields(body))
            elif kind == b"E":
                parts = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
                error = SQLError(parts[b"C"], parts[b"M"])
                if parts.get(b"S") in ("FATAL", "PANIC"):
                    self.close()
                    raise error
            elif kind == b"R" and body != b"\0\0\0\0":
                raise SQLError("28000", "the server wants a password")
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    def _message(self) -> tuple[bytes, bytes]:
        try:
            head = self._input.read(5)
            if len(head) == 5:
                length = struct.unpack("!i", head[1:])[0] - 4
                body = self._input.read(length)
                if len(body) == length:
                    return head[:1], body
        except (OSError, ValueError) as error:
            raise SQLError(LOST, str(error)) from error
        raise SQLError(LOST, "the server closed the connection")


def fields(body: bytes) -> Row:
    values: list[str | None] = []
    (count,) = struct.unpack_from("!h", body)
    at = 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(0, length)
    return tuple(values)
