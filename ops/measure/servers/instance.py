"""One process of the service."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from measure.clients.http import Answer, Connection, Unanswered
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.network.held_sockets import HeldSockets
from measure.network.hosts import LOCAL, Host
from measure.servers.program import service_environment


@dataclass(frozen=True)
class Footprint:
    """What a process takes from the machine."""

    memory_mib: float
    descriptors: int
    threads: int


class Samples:
    """What an instance shows at /metrics."""

    def __init__(self, text: str) -> None:
        self._lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples of a metric that have these labels; 0 if there is none yet."""
        return sum(float(line.rpartition(" ")[2]) for line in self._matching(name, labels))

    def count(self, name: str) -> int:
        return len(self._matching(name, {}))

    def _matching(self, name: str, labels: Mapping[str, str]) -> list[str]:
        pairs = [f'{key}="{value}"' for key, value in labels.items()]
        return [
            line
            for line in self._lines
            if line.startswith((f"{name} ", f"{name}{{")) and all(pair in line for pair in pairs)
        ]


class Instance:
    def __init__(
        self,
        name: str,
        program: Path,
        ports: tuple[int, int],
        settings: Mapping[str, str],
        folder: Path,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
        holds_sockets: bool = False,
    ) -> None:
        """`ports`: the API's and the operators'. `settings`: by their names in the environment, without KHATA_.
        `holds_sockets`: whether connections wait while it is restarted."""
        self.name, self.host = name, host
        self.address = host.address, ports[0]
        self.ops_address = host.address, ports[1]
        self._sockets = HeldSockets(self.address, self.ops_address) if holds_sockets else None
        self.process = Process(
            name,
            self._command(program),
            folder / f"{name}.log",
            journal,
            service_environment(
                {
                    "BIND": host.address,
                    "PORT": str(ports[0]),
                    "OPS_BIND": host.address,
                    "OPS_PORT": str(ports[1]),
                    **settings,
                },
                environment,
            ),
            Path("/"),  # where it finds no settings but these
            descriptors=self._sockets.descriptors if self._sockets else (),
        )

    def start(self) -> None:
        self.process.start()
        self.await_ready()

    def kill(self) -> None:
        self.process.kill()

    def replace_with(self, program: Path) -> None:
        """Ends in order, and starts as another one at the same address."""
        self.process.stop()
        self.process.command = self._command(program)
        self.start()

    def end(self) -> None:
        self.process.end()
        if self._sockets:
            self._sockets.close()

    def await_ready(self, within_s: float = 60) -> None:
        self.process.await_ready(self._is_ready, within_s)

    def footprint(self) -> Footprint:
        status = self._status()
        return Footprint(
            memory_mib=int(status["VmRSS"].split()[0]) / 1024,
            descriptors=len(os.listdir(f"/proc/{self.process.pid}/fd")),
            threads=int(status["Threads"]),
        )

    def reset_peak_memory(self) -> None:
        """From now on, what it takes at most is measured anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_memory_kib(self) -> int:
        return int(self._status()["VmHWM"].split()[0])

    def _status(self) -> dict[str, str]:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return dict(line.split(":", 1) for line in lines)

    def health(self) -> Answer:
        connection = Connection(self.ops_address, None, timeout_s=10)
        try:
            return connection.get("/health")
        finally:
            connection.close()

    def metrics(self) -> str:
        with urlopen("http://{}:{}/metrics".format(*self.ops_address), timeout=10) as response:
            return str(response.read().decode())

    def _command(self, program: Path) -> list[str]:
        command = self.host.command(str(program), "serve")
        return self._sockets.command(command) if self._sockets else command

    def _is_ready(self) -> bool:
        connection = Connection(self.ops_address, None, timeout_s=2)
        with contextlib.suppress(Unanswered), contextlib.closing(connection):
            return connection.get("/readyz").status == 200
        return False
