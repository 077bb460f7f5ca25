"""PostgreSQL that fails over by itself: nodes of Patroni, as `ops/postgres/patroni.yaml` has them, and etcd."""

import contextlib
import http.client
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template as Text

from measure.machine.accounts import as_server_user, own, server_folder
from measure.machine.guardian import start_time
from measure.machine.process import Process, descendants, signal_all
from measure.machine.undo import Journal
from measure.machine.waiting import eventually
from measure.network.hosts import LOCAL, Host
from measure.network.ports import free_port
from measure.places import REPOSITORY
from measure.servers.postgres import HBA, SUPERUSER, TEST_NETWORK, PostgresServer, postgres_bin
from measure.servers.template import CONFIGURATION

EXAMPLE = REPOSITORY / "ops/postgres/patroni.yaml"
# What has to be installed.
COMMANDS = ("patroni", "patronictl", "etcd")
PATIENCE_S = 10.0


class EtcdServer:
    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.name, self.host, self.address = name, host, (host.address, port)
        clients, peers = f"http://{host.address}:{port}", f"http://{host.address}:{free_port()}"
        server_folder(folder)
        self.process = Process(
            name,
            host.command(
                *as_server_user(
                    *("etcd", "--name", name, "--data-dir", str(folder / "data")),
                    *("--listen-client-urls", clients, "--advertise-client-urls", clients),
                    *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
                    *("--initial-cluster", f"{name}={peers}"),
                    environment=environment,
                )
            ),
            folder / "log",
            journal,
            {"PATH": os.environ["PATH"]},
            Path("/"),
        )

    def start(self) -> None:
        self.process.start()
        self.process.await_ready(lambda: get(self.address, "/health") == 200)

    def end(self) -> None:
        self.process.end()


class PatroniNode(PostgresServer):
    """A server that Patroni starts, promotes, demotes and rewinds."""

    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
    ) -> None:
        super().__init__(name, folder, port, journal, host, environment)
        self.rest = host.address, free_port()
        self._settings = folder / "patroni.yaml"
        self.process = Process(
            name,
            host.command(*as_server_user("patroni", str(self._settings), environment=environment)),
            folder / "log",
            journal,
            {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            Path("/"),
            # The server ends with it.
            ending=signal.SIGTERM,
        )

    def join(self, etcd: EtcdServer, is_synchronous: bool) -> None:
        """Writes its settings. Its data are those of a cluster that was not Patroni's."""
        files = {
            "settings": CONFIGURATION.read_text() + "dynamic_shared_memory_type = 'mmap'\n",
            "hba": HBA + "".join(f"host all {SUPERUSER} {net} trust\n" for net in ("samenet", TEST_NETWORK)),
            "patroni.yaml": Text(EXAMPLE.read_text()).substitute(
                name=self.name,
                rest="{}:{}".format(*self.rest),
                etcd="{}:{}".format(*etcd.address),
                synchronous=str(is_synchronous).lower(),
                address="{}:{}".format(*self.address),
                folder=self.folder,
                bin=postgres_bin(),
                settings=self.folder / "settings",
                hba=self.folder / "hba",
                sockets=self._sockets,
                replication=f"{{username: {SUPERUSER}}}",
                rewind=f"{{username: {SUPERUSER}}}",
            ),
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
            own(self.folder / name)

    @property
    def is_primary(self) -> bool:
        return get(self.rest, "/primary") == 200

    @property
    def is_standby(self) -> bool:
        return get(self.rest, "/replica") == 200

    def switch_over(self, to: "PatroniNode") -> None:
        """As an operator does it. Returns when the other one is the primary."""
        command = ["patronictl", "-c", str(self._settings), "switchover", "khata"]
        names = ["--leader", self.name, "--candidate", to.name, "--force"]
        done = subprocess.run([*command, *names], cwd="/", capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and to.is_primary, f"patronictl failed: {done.stdout}{done.stderr}"

    def postmaster(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            return pid if start_time(pid) else None
        return None

    def kill(self) -> None:
        """kill -9 of Patroni and of the server at once, as when the machine stops."""
        self._note_shared_memory()
        pids = [pid for pid in [self.postmaster()] if pid]
        pids += [child for pid in pids for child in descendants(pid)]
        # Before it can start the server again.
        self.process.signal(signal.SIGKILL)
        signal_all(pids, signal.SIGKILL)
        self.process.kill()
        eventually(f"{self.name} has ended", lambda: not any(map(start_time, pids)), PATIENCE_S)

    def end(self) -> None:
        """Without a checkpoint."""
        if self.process.is_alive:
            self.process.kill()
        if pid := self.postmaster():
            # What it has of the system's memory is given back.
            signal_all([*descendants(pid), pid], signal.SIGCONT)
            os.kill(pid, signal.SIGQUIT)
            eventually(f"the server of {self.name} has ended", lambda: not start_time(pid), PATIENCE_S)

    def keep_from_standbys(self) -> None:
        """What is committed from now on reaches no standby; nobody notices for a while."""
        for (pid,) in self.execute("SELECT pid FROM pg_stat_replication", "postgres"):
            os.kill(int(pid or 0), signal.SIGSTOP)


def get(address: tuple[str, int], path: str) -> int | None:
    """The status of the answer, if there is one."""
    connection = http.client.HTTPConnection(*address, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
