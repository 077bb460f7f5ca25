"""A primary, a standby, Redis, RabbitMQ if need be, and instances of the service."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, Self, TypeVar

from measure.clients.http import Connection
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.network.hosts import LOCAL, Host
from measure.network.ports import free_port
from measure.servers.instance import Instance
from measure.servers.postgres import PostgresServer, Settings, database_url
from measure.servers.program import ProgramFailed, run_program
from measure.servers.rabbitmq import RabbitMQServer, amqp_url
from measure.servers.redis import RedisSentinel, RedisServer, redis_url
from measure.servers.template import Keys, Template


class Server(Protocol):
    def __init__(
        self, name: str, folder: Path, port: int, journal: Journal, host: Host, environment: Mapping[str, str]
    ) -> None: ...

    @property
    def process(self) -> Process: ...

    def end(self) -> None: ...


Made = TypeVar("Made", bound=Server)


@dataclass(frozen=True)
class Places:
    """Where each server runs, and with what in its environment; by name, this machine if not named."""

    hosts: Mapping[str, Host] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def host(self, name: str) -> Host:
        return self.hosts.get(name, LOCAL)

    def environment(self, name: str) -> Mapping[str, str]:
        return self.environments.get(name, {})


class Stack:
    """Servers of one test. They are killed when its block ends, and their data removed.

    Databases are copies of the template, so all of them belong to one PostgreSQL system.
    """

    def __init__(
        self,
        folder: Path,
        program: Path,
        template: Template,
        journal: Journal,
        places: Places = Places(),
        primary_settings: Settings = {},
        standbys: tuple[str, ...] = ("replica",),
        logs: Path | None = None,
        with_queue: bool = False,
    ) -> None:
        """`standbys`: the names of those that stream from the primary; the first one serves reads. `with_queue`: whether
        there is a RabbitMQ."""
        self.folder, self.program, self.template, self._journal, self.places = (
            folder,
            program,
            template,
            journal,
            places,
        )
        self._logs = logs
        folder.mkdir()
        folder.chmod(0o711)
        journal.folder(folder)
        self.instances: dict[str, Instance] = {}
        self._servers: list[Server] = []
        self.redis = self.new_redis("redis")
        self._rabbitmq = self._new(RabbitMQServer, "rabbitmq") if with_queue else None
        self._create_databases(primary_settings, standbys)

    def __enter__(self) -> Self:
        try:
            self.start_servers()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    # Servers

    @property
    def keys(self) -> Keys:
        return self.template.keys

    @property
    def rabbitmq(self) -> RabbitMQServer:
        assert self._rabbitmq, "the stack has no queue"
        return self._rabbitmq

    @property
    def replica(self) -> PostgresServer:
        return self.standbys[0]

    def new_redis(self, name: str, *settings: str) -> RedisServer:
        return self._new(partial(RedisServer, settings=settings), name)

    def new_sentinel(self, name: str) -> RedisSentinel:
        return self._new(RedisSentinel, name)

    def _create_databases(self, primary_settings: Settings, standbys: tuple[str, ...]) -> None:
        self.primary = self.new_server("primary")
        self.template.copy_to(self.primary)
        self.primary.configure(primary_settings)
        self.standbys = [self.new_standby(name, self.primary) for name in standbys]

    def new_server(self, name: str) -> PostgresServer:
        return self._new(PostgresServer, name)

    def _new(self, kind: Callable[..., Made], name: str) -> Made:
        server = kind(
            name,
            self.folder / name,
            free_port(),
            self._journal,
            self.places.host(name),
            self.places.environment(name),
        )
        self._servers.append(server)
        return server

    def new_standby(self, name: str, primary: PostgresServer, settings: Settings = {}) -> PostgresServer:
        """From the template, as long as the primary has all that it did since then in its WAL."""
        standby = self.new_server(name)
        self.template.copy_to(standby)
        standby.configure(settings, standby_of=primary.address)
        return standby

    def start_servers(self) -> None:
        if self._rabbitmq:
            self._rabbitmq.launch()
        self.redis.start()
        self._start_databases()
        if self._rabbitmq:
            self._rabbitmq.await_ready()

    def _start_databases(self) -> None:
        for server in (self.primary, *self.standbys):
            server.launch()
        for server in (self.primary, *self.standbys):
            server.await_ready()
        for standby in self.standbys:
            self.primary.await_standby(standby)

    # Instances

    def serve(
        self, *names: str, program: Path | None = None, holds_sockets: bool = False, **settings: str | None
    ) -> list[Instance]:
        """Starts instances, with settings besides the usual ones, by their names in the environment without KHATA_;
        a usual one that is `None` is not set. `holds_sockets`: whether connections wait while one is restarted."""
        started = []
        for name in names:
            own = {key: value for key, value in {**self.settings(), **settings}.items() if value is not None}
            self.instances[name] = Instance(
                name,
                program or self.program,
                (free_port(), free_port()),
                own,
                self.folder,
                self._journal,
                self.places.host(name),
                self.places.environment(name),
                holds_sockets,
            )
            self.instances[name].process.start()
            started.append(self.instances[name])
        for instance in started:
            instance.await_ready()
        return started

    def settings(self) -> dict[str, str]:
        settings = {"PRIMARY_URL": self.database_url(self.primary), "REDIS_URL": redis_url(self.redis)}
        if self.standbys:
            settings["REPLICA_URL"] = self.database_url(self.replica)
        if self._rabbitmq:
            settings["AMQP_URL"] = amqp_url(self._rabbitmq)
        return settings

    def database_url(self, server: PostgresServer) -> str:
        return database_url(server, role=self.template.role)

    def connect(self, *names: str, key: str | None = None, timeout_s: float = 10) -> dict[str, Connection]:
        """To all instances if none is named, for one thread."""
        return {
            name: Connection(self.instances[name].address, key or self.keys.admin, timeout_s)
            for name in names or self.instances
        }

    def verify(self, server: PostgresServer | None = None) -> str | None:
        """`khata audit verify`: what is wrong with the chains."""
        try:
            run_program(self.program, {"PRIMARY_URL": self.database_url(server or self.primary)}, "audit", "verify")
        except ProgramFailed as failure:
            return str(failure)
        return None

    # The end

    def remove(self) -> None:
        for instance in self.instances.values():
            instance.end()
        for server in self._servers:
            server.end()
        if self._logs:
            self._keep_logs(self._logs / self.folder.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep_logs(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for process in [each.process for each in (*self.instances.values(), *self._servers)]:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(process.log, folder / f"{process.name}.log")
