"""Commits of movements are found in a client's stream, however it is cut."""

import struct
import unittest

from measure.network.commits import ClientStream


def message(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(part + b"\0" for part in parts)
    return kind + struct.pack("!i", len(body) + 4) + body


START = struct.pack("!ii", 8, 80877103) + struct.pack("!ii", 9, 196608) + b"\0"
PARSE = (
    message(b"P", b"m", b"insert into movements select 1")
    + message(b"P", b"o", b"insert into other select 1")
    + message(b"P", b"c", b"COMMIT")
    + message(b"P", b"r", b"rollback")
)


def bind(name: bytes) -> bytes:
    return message(b"B", b"", name)


def commits(data: bytes, step: int) -> tuple[int, bytes]:
    """How many are found, and all that is passed on."""
    stream = ClientStream()
    pieces = [piece for at in range(0, len(data), step) for piece in stream.pieces(data[at : at + step])]
    return sum(piece.is_before_commit for piece in pieces), b"".join(piece.data for piece in pieces)


class Commits(unittest.TestCase):
    def check(self, data: bytes, count: int) -> None:
        for step in (1, 3, 7, len(data)):
            self.assertEqual(commits(data, step), (count, data))

    def test_prepared(self) -> None:
        self.check(START + PARSE + bind(b"m") + bind(b"c") + bind(b"m") + bind(b"c"), 2)

    def test_simple(self) -> None:
        self.check(START + message(b"Q", b"insert into movements values (1)") + message(b"Q", b"commit;"), 1)

    def test_of_something_else(self) -> None:
        self.check(START + PARSE + bind(b"o") + bind(b"c"), 0)

    def test_rolled_back(self) -> None:
        self.check(START + PARSE + bind(b"m") + bind(b"r") + bind(b"o") + bind(b"c"), 0)

    def test_where_it_is_cut(self) -> None:
        stream = ClientStream()
        pieces = list(stream.pieces(START + PARSE + bind(b"m") + bind(b"c")))
        self.assertEqual([piece.data for piece in pieces], [START + PARSE + bind(b"m"), bind(b"c")])


if __name__ == "__main__":
    unittest.main()
