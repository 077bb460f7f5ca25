"""A Redis server, and a client for it."""

import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from measure.machine.accounts import as_server_user, own, server_folder
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.machine.waiting import eventually
from measure.network.hosts import LOCAL, Host, Placed

Value = int | str | None | list["Value"]


class RedisError(Exception):
    """What the server said, or that it does not answer."""


class RedisSession:
    def __init__(self, address: tuple[str, int], timeout_s: float = 10) -> None:
        try:
            self._socket = socket.create_connection(address, timeout_s)
        except OSError as error:
            raise RedisError(str(error)) from error
        self._input = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, *arguments: str | int) -> Value:
        parts = [str(argument).encode() for argument in arguments]
        command = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        try:
            self._socket.sendall(command)
            return self._reply()
        except OSError as error:
            raise RedisError(str(error)) from error

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
            self._socket.close()

    def _reply(self) -> Value:
        line = self._input.readline()
        if not line:
            raise RedisError("the server closed the connection")
        kind, rest = line[:1], line[1:-2].decode(errors="replace")
        match kind:
            case b"+":
                return rest
            case b"-":
                raise RedisError(rest)
            case b":":
                return int(rest)
            case b"$":
                length = int(rest)
                return None if length < 0 else self._input.read(length + 2)[:-2].decode(errors="replace")
            case b"*":
                return [self._reply() for _ in range(int(rest))]
        raise RedisError(f"not understood: {line!r}")


def redis_url(place: Placed) -> str:
    return "redis://{}:{}".format(*place.address)


class RedisServer:
    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
        settings: Sequence[str] = (),
    ) -> None:
        """`settings`: further arguments."""
        self.name, self.port, self.host = name, port, host
        self.folder = folder
        server_folder(folder)
        command = [
            *(*self._program(), "--port", str(port), "--bind", host.address, "--protected-mode", "no"),
            *("--dir", str(folder), "--save", "", "--appendonly", "no"),
            *("--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lfu"),
            # A replica is fed at once, also from a master that has no disk.
            *("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"),
            *settings,
        ]
        self.process = Process(
            name,
            host.command(*as_server_user(*command, environment=environment)),
            folder / "log",
            journal,
            {"PATH": os.environ["PATH"]},
            folder,
        )

    @property
    def address(self) -> tuple[str, int]:
        return self.host.address, self.port

    def start(self) -> None:
        self.process.start()
        self.process.await_ready(self._answers, within_s=30)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        self.process.end()

    def execute(self, *arguments: str | int) -> Value:
        with RedisSession(self.address) as session:
            return session.execute(*arguments)

    def figure(self, section: str, name: str) -> str:
        for line in str(self.execute("INFO", section)).splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return value
        raise RedisError(f"INFO {section} has no {name}")

    def follow(self, master: "RedisServer") -> None:
        """Becomes a replica, and returns when it has the master's data."""
        self.execute("REPLICAOF", *master.address)
        eventually(
            f"{self.name} follows", lambda: self.figure("replication", "master_link_status") == "up", within_s=30
        )

    def lead(self) -> None:
        self.execute("REPLICAOF", "NO", "ONE")

    def _program(self) -> list[str]:
        return ["redis-server"]

    def _answers(self) -> bool:
        with contextlib.suppress(RedisError):
            return self.execute("PING") == "PONG"
        return False


class RedisSentinel(RedisServer):
    """Watches masters, and promotes a replica of one that does not respond."""

    def watch(self, name: str, master: RedisServer) -> None:
        """Together with two others."""
        self.execute("SENTINEL", "MONITOR", name, *master.address, 2)
        self.execute("SENTINEL", "SET", name, "down-after-milliseconds", 500, "failover-timeout", 2000)

    def _program(self) -> list[str]:
        # It keeps what it knows in its configuration file.
        configuration = self.folder / "sentinel.conf"
        configuration.touch()
        own(configuration)
        return ["redis-server", str(configuration), "--sentinel"]
