"""Finds the commits of movements in what clients and a PostgreSQL server say to each other."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# What a client may ask before it says who it is: TLS, or Kerberos.
ENCRYPTION_REQUESTS = (80877103, 80877104)


@dataclass(frozen=True)
class Piece:
    """Bytes of a client, up to where a message ends, or part of one."""

    data: bytes
    # The next message commits a transaction that records movements.
    is_before_commit: bool = False


class ClientStream:
    """What a client sends, cut before each message that commits movements."""

    def __init__(self) -> None:
        self._rest = b""
        self._has_begun = False
        self._statements: dict[bytes, bytes] = {}
        self._has_written = False

    def pieces(self, data: bytes) -> Iterator[Piece]:
        """All of the data, with what was kept of the data before it; an unfinished message is kept."""
        data = self._rest + data
        start = at = 0
        while (end := self._end(data, at)) is not None:
            if self._has_begun and self._commits(data[at : at + 1], data[at + 5 : end]):
                yield Piece(data[start:at], is_before_commit=True)
                start = at
            at = end
        self._rest = data[at:]
        if at > start:
            yield Piece(data[start:at])

    def _end(self, data: bytes, at: int) -> int | None:
        """Of the message that begins there, if it is whole."""
        head = 5 if self._has_begun else 4
        if len(data) < at + head:
            return None
        (length,) = struct.unpack_from("!i", data, at + head - 4)
        end: int = at + head - 4 + length
        if len(data) < end:
            return None
        if not self._has_begun and struct.unpack_from("!i", data, at + 4)[0] not in ENCRYPTION_REQUESTS:
            self._has_begun = True
        return end

    def _commits(self, kind: bytes, body: bytes) -> bool:
        match kind:
            case b"P":
                name, text, *_ = body.split(b"\0", 2)
                self._statements[name] = text
                return False
            case b"B":
                _, name, *_ = body.split(b"\0", 2)
                text = self._statements.get(name, b"")
            case b"Q":
                text = body[:-1]
            case _:
                return False
        text = b" ".join(text.lower().split())
        if b"insert into movements" in text:
            self._has_written = True
        if text.rstrip(b"; ") not in (b"commit", b"rollback"):
            return False
        has_written, self._has_written = self._has_written, False
        return has_written and text.startswith(b"commit")
