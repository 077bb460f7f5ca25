"""The faults of rows 1 to 8, one at a time and at random: what is broken is whole again when each is over."""

import time
from collections.abc import Callable
from random import Random

from measure.chaos.scenarios.servers import redis_faults, replica_faults
from measure.network.link import Link
from measure.servers.cluster import Cluster
from measure.servers.instance import Instance
from measure.servers.stack import Stack


class Mischief:
    """Three servers of PostgreSQL, any of which may be the primary, Redis, and instances `a` and `b`.

    `a` reaches Redis and the databases through links, `b` directly.
    """

    def __init__(
        self, stack: Stack, cluster: Cluster, redis_link: Link, database_links: list[Link], random: Random
    ) -> None:
        self._stack, self._cluster, self._random = stack, cluster, random
        self._redis_link, self._database_links = redis_link, database_links
        self._kinds: list[Callable[[], None]] = [
            self.kill_instance,
            self.kill_primary,
            self.promote,
            self.cut_at_commit,
            self.break_redis,
            self.break_replica,
            self.stop_instance,
            self.stop_after_commit,
            self.hold_redis,
            self.refuse_redis,
            self.hold_databases,
            self.refuse_databases,
        ]
        # Each kind before any comes again.
        self._left: list[Callable[[], None]] = []

    def strike(self) -> str:
        """Returns the fault's name."""
        if not self._left:
            self._left = self._random.sample(self._kinds, len(self._kinds))
        fault = self._left.pop()
        fault()
        return fault.__name__.replace("_", " ")

    def kill_instance(self) -> None:
        instance = self._instance()
        instance.kill()
        self._wait(0, 0.5)
        instance.start()

    def kill_primary(self) -> None:
        self._cluster.primary.kill()
        self._wait(0, 1)
        self._cluster.primary.start()
        for standby in self._cluster.standbys:
            self._cluster.primary.await_standby(standby)

    def promote(self) -> None:
        """The one of the standbys that has received most: so nothing that was acknowledged is lost."""
        old = self._cluster.primary
        self._cluster.wait_for_standby()
        for standby in self._cluster.standbys:
            old.await_replay(standby)
        self._wait(0, 0.5)
        self._cluster.fail_over_to_most_advanced(after_s=self._random.uniform(0, 1))
        for standby in self._cluster.standbys:
            self._cluster.follow(standby)
        self._cluster.rebuild(old)

    def cut_at_commit(self) -> None:
        for link in self._database_links:
            link.break_commits(self._random.randint(1, 5))
        self._wait(0.2, 1)

    def break_redis(self) -> None:
        kinds = (
            redis_faults.flush,
            redis_faults.kill,
            redis_faults.stop,
            redis_faults.restore,
            redis_faults.fill_up,
        )
        self._random.choice(kinds)(self._stack, self._random)

    def break_replica(self) -> None:
        standby = self._random.choice(self._cluster.standbys)
        self._random.choice((replica_faults.pause, replica_faults.kill))(standby, self._random)
        self._cluster.primary.await_standby(standby)

    def stop_instance(self) -> None:
        process = self._instance().process
        process.pause()
        self._wait(0.1, 2)
        process.resume()

    def stop_after_commit(self) -> None:
        process = self._stack.instances["a"].process
        for link in self._database_links:
            link.stop_after_commit(process.pid)
        self._wait(0.5, 2)
        for link in self._database_links:
            link.stop_no_more()
        process.resume()

    def hold_redis(self) -> None:
        self._break([self._redis_link], Link.hold)

    def refuse_redis(self) -> None:
        self._break([self._redis_link], Link.refuse)

    def hold_databases(self) -> None:
        self._break(self._database_links, Link.hold)

    def refuse_databases(self) -> None:
        self._break(self._database_links, Link.refuse)

    def _break(self, links: list[Link], how: Callable[[Link], None]) -> None:
        for link in links:
            how(link)
        self._wait(0.1, 2)
        for link in links:
            link.release()

    def _instance(self) -> Instance:
        return self._stack.instances[self._random.choice("ab")]

    def _wait(self, at_least_s: float, at_most_s: float) -> None:
        time.sleep(self._random.uniform(at_least_s, at_most_s))
