"""Who of several PostgreSQL servers is the primary, and how that changes."""

import time
from dataclasses import dataclass

from measure.machine.waiting import eventually
from measure.servers.postgres import PostgresServer, Settings, conninfo
from measure.servers.stack import Stack


@dataclass(frozen=True)
class Promotion:
    # When nothing of the old primary was left.
    killed: float
    # When the new primary was there.
    ready: float

    @property
    def seconds(self) -> float:
        return self.ready - self.killed


class Cluster:
    """The servers of a stack."""

    def __init__(self, stack: Stack) -> None:
        self.primary = stack.primary
        self.standbys = list(stack.standbys)

    def detach(self, standby: PostgresServer) -> None:
        """It receives nothing more: what is committed from now on is lost if it is promoted."""
        standby.set(primary_conninfo=conninfo("127.0.0.1", 1, standby.name))
        eventually(f"{standby.name} is detached", lambda: not self.primary.streams_to(standby))

    def fail_over(self, to: PostgresServer, after_s: float = 0) -> Promotion:
        """The primary is killed, and a standby promoted; the others stay as they are.

        `after_s`: how long it takes until somebody decides that.
        """
        if self.primary.process.is_alive:
            self.primary.kill()
        killed = time.monotonic()
        time.sleep(after_s)
        to.promote()
        self.standbys.remove(to)
        self.primary = to
        return Promotion(killed, time.monotonic())

    def fail_over_to_most_advanced(self, after_s: float = 0) -> Promotion:
        """To the standby that has received most, which has all that any has acknowledged."""
        self.primary.kill()
        time.sleep(after_s)
        received = "SELECT pg_last_wal_receive_lsn() - '0/0'"
        new = max(self.standbys, key=lambda standby: int(standby.value(received, "postgres") or 0))
        return self.fail_over(new)

    def follow(self, standby: PostgresServer) -> None:
        """A standby that has nothing that the primary lacks goes over to it."""
        standby.set(primary_conninfo=conninfo(*self.primary.address, standby.name))
        self.primary.await_standby(standby)

    def rebuild(self, standby: PostgresServer, settings: Settings = {}) -> None:
        """Whatever it was, it becomes a standby of the primary."""
        standby.end()
        standby.back_up(self.primary)
        standby.configure(settings, standby_of=self.primary.address)
        standby.start()
        self.primary.await_standby(standby)
        if standby not in self.standbys:
            self.standbys.append(standby)

    def wait_for_standby(self, count: int = 1) -> None:
        """From now on, commits are acknowledged when so many standbys have them too."""
        self.primary.set(synchronous_standby_names=f"ANY {count} (*)")
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
        eventually("a standby is synchronous", lambda: int(self.primary.value(query, "postgres") or 0) >= count)
