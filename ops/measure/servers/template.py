"""A database as every stack finds it, made once and then copied: migrated, with keys and a catalog."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure.clients.http import Connection
from measure.machine.undo import Journal
from measure.network.ports import free_port
from measure.places import REPOSITORY
from measure.servers.instance import Instance
from measure.servers.postgres import DATABASE, OWNER, ROLE, PostgresServer, database_url
from measure.servers.program import UNLIMITED, create_key, run_program

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
    # With which the service connects.
    role: str

    def copy_to(self, server: PostgresServer) -> None:
        server.copy(self.data)


def make_template(
    program: Path, folder: Path, journal: Journal, catalog: Iterable[tuple[str, dict[str, Any]]], role: str = ROLE
) -> Template:
    """`catalog`: stores and products, as paths and bodies to be posted. `role`: the owner, if it knows no other."""
    folder.mkdir()
    server = PostgresServer("template", folder / "postgres", free_port(), journal)
    server.create(CONFIGURATION)
    server.configure({"fsync": "off"})
    server.start()
    server.create_database(DATABASE)
    serve_as = ("--serve-as", role) if role != OWNER else ()
    run_program(program, {"PRIMARY_URL": database_url(server, role=OWNER)}, "migrate", *serve_as)
    settings = {"PRIMARY_URL": database_url(server, role=role)}
    keys = Keys(
        create_key(program, settings, "admin", "admin", *UNLIMITED),
        create_key(program, settings, "clerk", "clerk", "--reads-per-second", "200", "--writes-per-second", "100"),
    )
    instance = Instance("template", program, (free_port(), free_port()), settings, folder, journal)
    instance.start()
    connection = Connection(instance.address, keys.admin)
    connection.post_all(catalog, 201)
    connection.close()
    instance.process.stop()
    server.stop()
    return Template(server.data, keys, role)
