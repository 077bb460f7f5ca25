"""Listening sockets that outlive the process that accepts their connections, as systemd holds them (`sd_listen_fds(3)`)."""

import fcntl
import os
import socket
from collections.abc import Sequence

from measure.clients.http import Address

# Descriptors 3 and 4 are the process's, whose id is known only then.
SCRIPT = """
api=$1 ops=$2
shift 2
exec 3<&"$api" 4<&"$ops" {api}<&- {ops}<&-
LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=api:ops exec "$@"
"""


class HeldSockets:
    def __init__(self, api: Address, ops: Address) -> None:
        # Above those that they become.
        self.descriptors = [above_10(socket.create_server(address, backlog=1_024)) for address in (api, ops)]

    def command(self, command: Sequence[str]) -> list[str]:
        """Of a process that gets the descriptors, and serves on them."""
        return ["bash", "-c", SCRIPT, "bash", *map(str, self.descriptors), *command]

    def close(self) -> None:
        for each in self.descriptors:
            os.close(each)


def above_10(listener: socket.socket) -> int:
    with listener:
        return fcntl.fcntl(listener, fcntl.F_DUPFD_CLOEXEC, 10)
