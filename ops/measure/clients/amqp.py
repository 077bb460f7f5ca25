"""A connection to RabbitMQ that costs its client little: pika's frames on a socket of ours. With Debian's Python."""

import socket
from typing import Any

import pika
from pika import frame, spec

FRAME_BYTES = 131_072
BUFFER = 1 << 20
CHANNEL = 1


class Wire:
    def __init__(self, url: str) -> None:
        parameters = pika.URLParameters(url)
        user, password = parameters.credentials.username, parameters.credentials.password
        self.socket = socket.create_connection((parameters.host, parameters.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.socket.sendall(frame.ProtocolHeader().marshal())
        self._await()
        self._send(0, spec.Connection.StartOk({}, "PLAIN", f"\0{user}\0{password}".encode(), "en_US"))
        self._await()
        self._send(0, spec.Connection.TuneOk(10, FRAME_BYTES, 0))
        self._send(0, spec.Connection.Open("/"))
        self._await()
        self.call(spec.Channel.Open())

    def call(self, method: Any) -> Any:
        """Returns what the broker says to it."""
        self._send(CHANNEL, method)
        return self._await()

    def consume(self, queue: str) -> None:
        """Without acknowledgements. What comes from now on is to be read as bytes."""
        self.call(spec.Basic.Consume(queue=queue, no_ack=True))

    def read(self) -> bytes:
        data, self._buffer = self._buffer, b""
        return data or self._receive()

    def _receive(self) -> bytes:
        if data := self.socket.recv(BUFFER):
            return data
        raise EOFError("RabbitMQ closed the connection")

    def _send(self, channel: int, method: Any) -> None:
        self.socket.sendall(frame.Method(channel, method).marshal())

    def _await(self) -> Any:
        while True:
            used, found = frame.decode_frame(self._buffer)
            if found is not None:
                self._buffer = self._buffer[used:]
                if isinstance(found, frame.Method):
                    return found.method
                continue
            self._buffer += self._receive()


def publication(exchange: str, key: str, properties: pika.BasicProperties, body: bytes) -> bytes:
    """The frames of a message."""
    return b"".join(
        each.marshal()
        for each in (
            frame.Method(CHANNEL, spec.Basic.Publish(exchange=exchange, routing_key=key)),
            frame.Header(CHANNEL, len(body), properties),
            frame.Body(CHANNEL, body),
        )
    )
