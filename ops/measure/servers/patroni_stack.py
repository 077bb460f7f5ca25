"""A stack whose databases are nodes of Patroni: each of them may be the primary, and instances know all of them."""

import time

from measure.clients.http import Connection
from measure.machine.waiting import eventually
from measure.servers.cluster import Promotion
from measure.servers.patroni import EtcdServer, PatroniNode
from measure.servers.postgres import PostgresServer, Settings, database_url
from measure.servers.redis import redis_url
from measure.servers.stack import Stack

NODES = ("node-1", "node-2", "node-3")
# A lease of 10 s that was renewed just before, the election, and the promotion; on a machine that has other work.
FAIL_OVER_S = 40.0


class PatroniStack(Stack):
    is_synchronous = False

    def _create_databases(self, primary_settings: Settings, standbys: tuple[str, ...]) -> None:
        self.etcd = self._new(EtcdServer, "etcd")
        self.nodes = [self._new(PatroniNode, name) for name in NODES]
        for node in self.nodes:
            self.template.copy_to(node)
            node.join(self.etcd, self.is_synchronous)

    def _start_databases(self) -> None:
        self.etcd.start()
        first, *others = self.nodes
        first.launch()
        eventually("the first node is the primary", lambda: first.is_primary)
        for node in others:
            node.launch()
        self.await_complete()

    def settings(self) -> dict[str, str]:
        return {
            "PRIMARY_URL": database_url(*self.nodes, role=self.template.role),
            "REPLICA_URLS": ",".join(self.database_url(node) for node in self.nodes),
            "REDIS_URL": redis_url(self.redis),
        }

    def connect(self, *names: str, key: str | None = None, timeout_s: float = 20) -> dict[str, Connection]:
        """A commit that waits for a standby is given up after 12 s."""
        return super().connect(*names, key=key, timeout_s=timeout_s)

    @property
    def primary(self) -> PatroniNode:  # type: ignore[override]
        """The one that Patroni says it is."""
        return eventually("there is a primary", self._primary)

    def _primary(self) -> PatroniNode | None:
        return next((node for node in self.nodes if node.is_primary), None)

    def await_complete(self) -> None:
        """Until all others stream from the primary, one of them synchronously if it is to."""
        expected = ["async", "sync" if self.is_synchronous else "async"]
        states = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' ORDER BY 1"

        def is_complete() -> bool:
            primary = self._primary()
            return (
                primary is not None
                and all(node.is_standby for node in self.nodes if node is not primary)
                and [state for (state,) in primary.execute(states, "postgres")] == expected
            )

        eventually("all nodes stream from the primary", is_complete, within_s=120, pause_s=0.2)

    def await_successor(self, old: PatroniNode, began: float) -> Promotion:
        """Until another node accepts writes."""
        others = [node for node in self.nodes if node is not old]

        def is_over() -> bool:
            return any(
                node.is_primary and node.value("SELECT pg_is_in_recovery()", "postgres") == "f" for node in others
            )

        eventually("another node is the primary", is_over, FAIL_OVER_S)
        return Promotion(began, time.monotonic())

    def keep(self, node: PatroniNode) -> PostgresServer:
        """What a node had that was killed, to be looked at when the node has something else."""
        kept = self.new_server(f"{node.name}-{time.monotonic_ns()}")
        kept.copy(node.data)
        with (kept.data / "postgresql.conf").open("a") as file:
            file.write("include_if_exists 'chaos.conf'\n")
        return kept


class SynchronousPatroniStack(PatroniStack):
    is_synchronous = True
