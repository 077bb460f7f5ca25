"""Several servers of Redis that fail over by themselves."""

from measure.machine.waiting import eventually
from measure.network.ports import free_port
from measure.servers.redis import RedisServer
from measure.servers.stack import Stack


def authority(servers: list[RedisServer]) -> str:
    return ",".join("{}:{}".format(*server.address) for server in servers)


class WatchedMaster:
    """The Redis of a stack, a replica of it, and three sentinels."""

    NAME = "khata"

    def __init__(self, stack: Stack) -> None:
        self.servers = [stack.redis, stack.new_redis("redis-2")]
        self.sentinels = [stack.new_sentinel(f"sentinel-{number}") for number in (1, 2, 3)]
        self.servers[1].start()
        self.servers[1].follow(stack.redis)
        for sentinel in self.sentinels:
            sentinel.start()
            sentinel.watch(self.NAME, stack.redis)
        eventually("the sentinels know each other", self.can_fail_over, within_s=60)

    @property
    def url(self) -> str:
        return f"redis-sentinel://{authority([*self.sentinels])}/{self.NAME}"

    @property
    def master(self) -> RedisServer:
        """By the first sentinel."""
        _, port = self.sentinels[0].execute("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.NAME)
        return next(server for server in self.servers if server.port == int(port))

    def can_fail_over(self) -> bool:
        """All sentinels know each other and the replica, and take both servers for sound."""
        states = [sentinel.figure("sentinel", "master0") for sentinel in self.sentinels]
        return all(state.endswith("slaves=1,sentinels=3") and "status=ok" in state for state in states) and any(
            "master_link_status:up" in str(server.execute("INFO", "replication")) for server in self.servers
        )


class RedisCluster:
    """Three masters, each with a replica."""

    SLOTS = 16384

    def __init__(self, stack: Stack) -> None:
        buses = [free_port() for _ in range(6)]
        self.nodes = [
            stack.new_redis(
                f"node-{number}",
                *("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "1000"),
            )
            for number, bus in enumerate(buses, 1)
        ]
        for node in self.nodes:
            node.start()
        masters, replicas = self.nodes[:3], self.nodes[3:]
        for number, master in enumerate(masters):
            first, end = number * self.SLOTS // 3, (number + 1) * self.SLOTS // 3
            master.execute("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            master.execute("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            node.execute("CLUSTER", "MEET", *masters[0].address, buses[0])
        eventually("the nodes know each other", lambda: all(self._knows_all(node) for node in self.nodes), within_s=60)
        for master, replica in zip(masters, replicas, strict=True):
            replica.execute("CLUSTER", "REPLICATE", self.id(master))
        eventually("the cluster is complete", self.can_fail_over, within_s=60)

    @property
    def url(self) -> str:
        return f"redis-cluster://{authority(self.nodes[:3])}"

    @property
    def masters(self) -> list[RedisServer]:
        return [node for node in self.nodes if node.figure("replication", "role") == "master"]

    def can_fail_over(self) -> bool:
        """All nodes serve, and each master has a replica that has its data."""
        states = [str(node.execute("INFO", "replication")) for node in self.nodes]
        return sum("master_link_status:up" in state for state in states) == 3 and all(
            "cluster_state:ok" in str(node.execute("CLUSTER", "INFO")) for node in self.nodes
        )

    def id(self, node: RedisServer) -> str:
        return str(node.execute("CLUSTER", "MYID"))

    def begin_to_move(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """From now on, the source refuses with ASK what it does not have."""
        target.execute("CLUSTER", "SETSLOT", slot, "IMPORTING", self.id(source))
        source.execute("CLUSTER", "SETSLOT", slot, "MIGRATING", self.id(target))

    def move(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """Takes along the keys in the slot; from then on, the source refuses with MOVED."""
        while keys := source.execute("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.execute("MIGRATE", *target.address, "", 0, 5000, "REPLACE", "KEYS", *keys)
        for node in (target, source):
            node.execute("CLUSTER", "SETSLOT", slot, "NODE", self.id(target))

    def _knows_all(self, node: RedisServer) -> bool:
        return len(str(node.execute("CLUSTER", "NODES")).splitlines()) == len(self.nodes)
