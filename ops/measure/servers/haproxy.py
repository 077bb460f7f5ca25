"""HAProxy in front of two instances, as `ops/haproxy.cfg` shows it."""

import contextlib
import csv
import os
import socket
from pathlib import Path
from typing import Self

from measure.clients.http import Address
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.machine.waiting import eventually
from measure.network.ports import free_port
from measure.places import REPOSITORY
from measure.servers.instance import Instance

EXAMPLE = REPOSITORY / "ops/haproxy.cfg"


class HAProxy:
    def __init__(self, one: Instance, two: Instance, folder: Path, journal: Journal) -> None:
        self.address: Address = ("127.0.0.1", free_port())
        self._statistics = folder / "haproxy.sock"
        configuration = folder / "haproxy.cfg"
        configuration.write_text(self._adapted(EXAMPLE.read_text(), {"192.0.2.11:8080": one, "192.0.2.12:8080": two}))
        command = ["haproxy", "-db", "-f", str(configuration)]
        self._process = Process("haproxy", command, folder / "haproxy.log", journal, os.environ, folder)

    def __enter__(self) -> Self:
        self._process.start()
        self._process.await_ready(self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end()

    def _adapted(self, text: str, instances: dict[str, Instance]) -> str:
        """The example, with this machine's addresses."""
        addresses = {
            "bind :80\n": "bind {}:{}\n".format(*self.address),
            "stats socket /run/haproxy/admin.sock": f"stats socket {self._statistics}",
        }
        for example, instance in instances.items():
            addresses[example] = "{}:{} port {}".format(*instance.address, instance.ops_address[1])
        for old, new in addresses.items():
            assert text.count(old) == 1, f"{EXAMPLE} has {old!r} not once"
            text = text.replace(old, new)
        return text

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return self._are_all_up()
        return False

    def await_all_up(self) -> None:
        eventually("HAProxy uses both instances", self._are_all_up)

    def _are_all_up(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._statistics))
            connection.sendall(b"show stat -1 4 -1\n")
            with connection.makefile() as answer:
                states = [line["status"] for line in csv.DictReader(answer) if line["# pxname"] == "instances"]
        return states == ["UP", "UP"]
