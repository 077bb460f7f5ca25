"""pgbench: what one movement costs on the same server when each is a transaction of its own."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from measure.command import Failed, say
from measure.machine.child import Child
from measure.machine.undo import Journal
from measure.servers.postgres import OWNER, PostgresServer, database_url, postgres_bin

DATABASE = "baseline"
TABLES = Path(__file__).with_name("pgbench_tables.sql")
MOVEMENT = Path(__file__).with_name("pgbench_movement.sql")
CLIENTS = 16


class PgbenchRate(NamedTuple):
    """Of a round."""

    per_second: float
    mean_ms: float

    @classmethod
    def parse(cls, output: str) -> "PgbenchRate":
        tps = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
        mean_ms = re.search(r"^latency average = ([\d.]+) ms", output, re.MULTILINE)
        if not tps or not mean_ms:
            raise Failed(f"pgbench failed: {output}")
        return cls(round(float(tps[1]), 1), float(mean_ms[1]))


class Pgbench:
    def __init__(self, server: PostgresServer, journal: Journal) -> None:
        say("seeding the baseline")
        self._server, self._journal = server, journal
        server.create_database(DATABASE)
        server.execute(TABLES.read_text(), DATABASE, user=OWNER)

    def run(self, seconds: int, stores: int, products: int) -> PgbenchRate:
        self._server.checkpoint()
        command = [
            *(str(postgres_bin() / "pgbench"), "--no-vacuum", "--protocol=prepared", "--jobs=2"),
            *(f"--client={CLIENTS}", f"--time={seconds}", f"--define=stores={stores}", f"--define=products={products}"),
            *(f"--file={MOVEMENT}", database_url(self._server, database=DATABASE, role=OWNER)),
        ]
        environment = {"PATH": os.environ["PATH"]}
        with Child(command, self._journal, has_own_session=False, environment=environment) as pgbench:
            return PgbenchRate.parse(pgbench.output(seconds + 60))
