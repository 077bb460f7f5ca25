"""A PostgreSQL server: a primary, or a standby that streams from one."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from measure.machine.accounts import as_server_user, own, server_folder
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.machine.waiting import eventually
from measure.network.hosts import LOCAL, Host, Placed
from measure.servers.sql import Row, Session, SQLError

DATABASE = "khata"
OWNER = "khata"
ROLE = "khata_serve"
SUPERUSER = "postgres"

# That of network/namespaces.py.
TEST_NETWORK = "198.18.0.0/15"

HBA = f"""\
local all         all                      trust
local replication all                      trust
host  all         {OWNER},{ROLE}  samenet         trust
host  all         {OWNER},{ROLE}  {TEST_NETWORK}   trust
host  replication {SUPERUSER}   samenet         trust
host  replication {SUPERUSER}   {TEST_NETWORK}   trust
"""

Settings = Mapping[str, str | int]


def postgres_bin() -> Path:
    """The newest server that is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert folders, "found no PostgreSQL server under /usr/lib/postgresql"
    return folders[-1]


class PostgresServer:
    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.name, self.port, self.host = name, port, host
        self.folder = folder
        self.data = folder / "data"
        self._journal = journal
        # Unix sockets have short paths.
        self._sockets = folder / "s"
        self.process = Process(
            name,
            host.command(
                *as_server_user(
                    *(str(postgres_bin() / "postgres"), "-D", str(self.data)),
                    *("-p", str(port), "-k", str(self._sockets)),
                    environment=environment,
                )
            ),
            folder / "log",
            journal,
            {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            Path("/"),
            # Immediate shutdown: what it has of the system's memory is given back.
            ending=signal.SIGQUIT,
        )
        server_folder(folder)
        server_folder(self._sockets)

    @property
    def address(self) -> tuple[str, int]:
        return self.host.address, self.port

    # Its data

    def create(self, configuration: Path) -> None:
        """An empty cluster, with the settings of a file and those of the tests."""
        self._run(
            "initdb",
            *("--pgdata", str(self.data), "--username", SUPERUSER, "--auth=trust", "--no-sync", "--data-checksums"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
        )
        shutil.copy(configuration, self.data / "khata.conf")
        own(self.data / "khata.conf")
        with (self.data / "postgresql.conf").open("a") as file:
            # The second file is rewritten by `configure`.
            file.write("include 'khata.conf'\ninclude_if_exists 'chaos.conf'\n")
        (self.data / "pg_hba.conf").write_text(HBA)

    def copy(self, data: Path) -> None:
        """The files of a server that is not running."""
        subprocess.run(["cp", "--archive", "--reflink=auto", data, self.data], check=True)

    def back_up(self, primary: "PostgresServer") -> None:
        """The files of one that runs, to be a standby of it; what was here goes."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run(
            "pg_basebackup",
            *("--pgdata", str(self.data), "--host", str(primary._sockets), "--port", str(primary.port)),
            *("--username", SUPERUSER, "--checkpoint=fast", "--no-sync", "--wal-method=stream"),
        )
        # It goes by its own settings.
        (self.data / "chaos.conf").unlink(missing_ok=True)
        (self.data / "postgresql.auto.conf").write_text("")

    def configure(self, settings: Settings = {}, standby_of: tuple[str, int] | None = None) -> None:
        """Settings besides those of the file. A standby keeps on until it is promoted."""
        own_settings: dict[str, str | int] = {
            "listen_addresses": self.host.address,
            "cluster_name": self.name,
            # Nothing stays behind in /dev/shm if it is killed.
            "dynamic_shared_memory_type": "mmap",
            # Instead of slots: standbys come, go and are replaced.
            "wal_keep_size": "1GB",
        }
        signal_file = self.data / "standby.signal"
        if standby_of:
            own_settings["primary_conninfo"] = conninfo(*standby_of, self.name)
            # A timeline's end and the next one's beginning are found in a moment.
            own_settings["wal_retrieve_retry_interval"] = "100ms"
            signal_file.touch()
            own(signal_file)
        lines = [f"{name} = '{value}'" for name, value in {**own_settings, **settings}.items()]
        path = self.data / "chaos.conf"
        path.write_text("\n".join(lines) + "\n")
        own(path)

    # Its life

    def start(self, within_s: float = 60) -> None:
        self.launch()
        self.await_ready(within_s)

    def launch(self) -> None:
        """Does not wait until it answers."""
        self.process.start()

    def await_ready(self, within_s: float = 60) -> None:
        def answers() -> bool:
            with contextlib.suppress(SQLError), self.session("postgres", timeout_s=5) as session:
                session.execute("SELECT 1")
                return True
            return False

        self.process.await_ready(answers, within_s)

    def kill(self) -> None:
        """kill -9 of all its processes at once, as when the machine stops; the operating system goes on."""
        self._note_shared_memory()
        self.process.kill()

    def stop(self) -> None:
        """Disconnects clients, writes a checkpoint, ends."""
        self.process.stop(signal.SIGINT)

    def end(self) -> None:
        """Whatever state it is in, and without a checkpoint."""
        self.process.end()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One that was killed runs again, to be looked at: nobody reaches it."""
        self.configure({"listen_addresses": ""})
        self.start()
        try:
            yield
        finally:
            self.end()

    def promote(self) -> None:
        """Returns when it is a primary."""
        self._run("pg_ctl", "promote", "--pgdata", str(self.data), "--wait")

    def create_database(self, name: str) -> None:
        """It belongs to the role that migrates; another one serves."""
        for role in (OWNER, ROLE):
            if self.value(f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'", "postgres") == "0":
                self.execute(f"CREATE ROLE {role} LOGIN", "postgres")
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER}", "postgres")

    def checkpoint(self) -> None:
        self.execute("CHECKPOINT", "postgres", timeout_s=600)

    # What it says

    def session(self, database: str = DATABASE, user: str = SUPERUSER, timeout_s: float = 30) -> Session:
        """Whatever becomes of the network."""
        return Session(str(self._sockets / f".s.PGSQL.{self.port}"), database, user, timeout_s)

    def execute(self, sql: str, database: str = DATABASE, user: str = SUPERUSER, timeout_s: float = 30) -> list[Row]:
        with self.session(database, user, timeout_s) as session:
            return session.execute(sql)

    def value(self, sql: str, database: str = DATABASE) -> str | None:
        return self.execute(sql, database)[0][0]

    def set(self, **settings: str | int) -> None:
        """Settings that change while it runs."""
        with self.session("postgres") as session:
            for name, value in settings.items():
                session.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            session.execute("SELECT pg_reload_conf()")

    def reset(self, *names: str) -> None:
        with self.session("postgres") as session:
            for name in names:
                session.execute(f"ALTER SYSTEM RESET {name}")
            session.execute("SELECT pg_reload_conf()")

    def streams_to(self, standby: "PostgresServer") -> bool:
        streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name = "
        return self.value(f"{streaming}'{standby.name}'", "postgres") == "1"

    def await_standby(self, standby: "PostgresServer") -> None:
        eventually(f"{standby.name} streams from {self.name}", lambda: self.streams_to(standby))

    def await_replay(self, standby: "PostgresServer") -> None:
        """Until a standby shows all that is committed now."""
        position = self.value("SELECT pg_current_wal_flush_lsn()", "postgres")
        shown = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
        eventually(f"{standby.name} has replayed {position}", lambda: standby.value(shown, "postgres") == "t")

    def _note_shared_memory(self) -> None:
        """A segment of a few bytes that keeps two servers from one folder; if it is killed, it stays."""
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            self._journal.shared_memory(int((self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]))

    def _run(self, program: str, *arguments: str) -> None:
        command = as_server_user(str(postgres_bin() / program), *arguments)
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program} failed: {done.stderr or done.stdout}"


def conninfo(host: str, port: int, name: str) -> str:
    return f"host={host} port={port} user={SUPERUSER} application_name={name}"


def database_url(*places: Placed, database: str = DATABASE, role: str = ROLE) -> str:
    """Of a server; of several, of the one that is the primary."""
    addresses = ",".join("{}:{}".format(*place.address) for place in places)
    several = "?target_session_attrs=read-write" if len(places) > 1 else ""
    return f"postgresql://{role}@{addresses}/{database}{several}"
