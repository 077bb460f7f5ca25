"""A database as every test finds it, made once and then copied: migrated, with keys, stores and products."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faults.clients.goods import ALL, product_name
from faults.clients.http import Connection
from faults.network.ports import free_port
from faults.servers.instance import REPOSITORY, Instance, service_environment
from faults.servers.postgres import DATABASE, ROLE, PostgresServer
from faults.undo import Journal

CONFIGURATION = REPOSITORY / "ops/postgres/production.conf"


@dataclass(frozen=True)
class Keys:
    # Its rates are too high to matter.
    admin: str
    # Its rates are those of a shop.
    clerk: str


@dataclass(frozen=True)
class Template:
    data: Path
    keys: Keys

    def copy_to(self, server: PostgresServer) -> None:
        server.copy(self.data)


def make_template(program: Path, folder: Path, journal: Journal) -> Template:
    folder.mkdir()
    server = PostgresServer("template", folder / "postgres", free_port(), journal)
    server.create(CONFIGURATION)
    server.configure({"fsync": "off"})
    server.start()
    server.execute(f"CREATE ROLE {ROLE} LOGIN", "postgres")
    server.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}", "postgres")
    settings = {"PRIMARY_URL": database_url(server)}
    run_program(program, settings, "migrate")
    high = ("--reads-per-second", "1000000", "--writes-per-second", "1000000")
    keys = Keys(
        create_key(program, settings, "admin", "admin", *high),
        create_key(program, settings, "clerk", "clerk", "--reads-per-second", "200", "--writes-per-second", "100"),
    )
    instance = Instance("template", program, (free_port(), free_port()), settings, folder, journal)
    instance.start()
    connection = Connection(instance.address, keys.admin)
    for path, kind, ids in (("/stores", "store", ALL.stores), ("/products", "product", ALL.products)):
        for id in ids:
            answer = connection.post(path, {f"{kind}_id": id, "name": product_name(id)})
            assert answer.status == 201, f"{path} was answered {answer.status} {answer.body!r}"
    connection.close()
    instance.process.stop()
    server.stop()
    return Template(server.data, keys)


class Placed(Protocol):
    """A server, or a link to one."""

    @property
    def address(self) -> tuple[str, int]: ...


def database_url(*places: Placed) -> str:
    """Of a server; of several, of the one that is the primary."""
    addresses = ",".join("{}:{}".format(*place.address) for place in places)
    several = "?target_session_attrs=read-write" if len(places) > 1 else ""
    return f"postgresql://{ROLE}@{addresses}/{DATABASE}{several}"


def create_key(program: Path, settings: dict[str, str], name: str, role: str, *options: str) -> str:
    output = run_program(program, settings, "key", "create", "--name", name, "--role", role, "--json", *options)
    return str(json.loads(output)["key"])


class ProgramFailed(Exception):
    """A command of the program ended with another status than 0; the message has what it printed."""


def run_program(program: Path, settings: dict[str, str], *arguments: str, timeout_s: float = 120) -> str:
    """Returns what it printed."""
    done = subprocess.run(
        [program, *arguments],
        env=service_environment(settings),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise ProgramFailed(f"khata {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout
