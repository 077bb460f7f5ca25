"""Row 5, continued: several servers of Redis that fail over by themselves, and slots that move. Nobody notices."""

import time

from measure.chaos.checks.recovery import await_hits
from measure.chaos.clients.crews import work_under
from measure.chaos.scenario import Scenario
from measure.chaos.scenarios.servers.redis_faults import verdict_of
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.waiting import eventually
from measure.servers.redis_groups import RedisCluster, WatchedMaster

# Until the cache is used again; if it is not, nothing can be wrong with it.
HITS_WITHIN_S = 10


def run_sentinel(testbed: Testbed) -> Verdict:
    """The master is killed, and comes back as the replica of the one that the sentinels promote."""
    random = testbed.random("kills")
    with testbed.stack() as stack:
        redis = WatchedMaster(stack)
        stack.serve("a", "b", REDIS_URL=redis.url)

        def strike() -> None:
            await_hits(stack, HITS_WITHIN_S)
            time.sleep(random.uniform(0.1, 0.5))
            master = redis.master
            master.kill()
            eventually("another one is the master", lambda: redis.master is not master, within_s=60)
            await_hits(stack, HITS_WITHIN_S)
            time.sleep(random.uniform(0.0, 0.5))
            master.start()
            eventually("the sentinels can fail over again", redis.can_fail_over, within_s=60)

        history, strikes = work_under(testbed, stack, strike, testbed.seconds(3.5, 60))
        return verdict_of(stack, history, failovers=strikes)


def run_cluster_failover(testbed: Testbed) -> Verdict:
    """One master after the other is killed, and comes back as a replica."""
    random = testbed.random("kills")
    with testbed.stack() as stack:
        cluster = RedisCluster(stack)
        stack.serve("a", "b", REDIS_URL=cluster.url)

        def strike() -> None:
            await_hits(stack, HITS_WITHIN_S)
            time.sleep(random.uniform(0.1, 0.5))
            master = random.choice(cluster.masters)
            others = [node for node in cluster.nodes if node is not master]
            master.kill()
            eventually(
                "a replica is the master",
                lambda: sum(node.figure("replication", "role") == "master" for node in others) == 3,
                within_s=60,
            )
            await_hits(stack, HITS_WITHIN_S)
            time.sleep(random.uniform(0.0, 0.5))
            master.start()
            eventually("the cluster can fail over again", cluster.can_fail_over, within_s=60)

        history, strikes = work_under(testbed, stack, strike, testbed.seconds(3.5, 60))
        return verdict_of(stack, history, failovers=strikes)


def run_slots_moved(testbed: Testbed) -> Verdict:
    """Slots with keys move to other masters, slowly enough that commands meet them on their way."""
    random = testbed.random("slots")
    with testbed.stack() as stack:
        cluster = RedisCluster(stack)
        stack.serve("a", "b", REDIS_URL=cluster.url)
        masters = cluster.masters
        moved = 0

        def strike() -> None:
            nonlocal moved
            source, target = random.sample(masters, 2)
            if key := source.execute("RANDOMKEY"):
                slot = int(str(source.execute("CLUSTER", "KEYSLOT", str(key))))
                cluster.begin_to_move(slot, source, target)
                time.sleep(random.uniform(0.0, 0.3))
                cluster.move(slot, source, target)
                moved += 1
            time.sleep(random.uniform(0.0, 0.5))

        history, _ = work_under(testbed, stack, strike, testbed.seconds(3.5, 60))
        verdict = verdict_of(stack, history, moved_slots=moved)
        verdict.must(moved > 0, "no slot moved: there were no keys")
        return verdict


SCENARIOS = [
    Scenario(5, "redis/sentinel", "the master of Redis is killed, and Sentinel promotes its replica", run_sentinel),
    Scenario(5, "redis/cluster-failover", "masters of a Redis cluster are killed", run_cluster_failover),
    Scenario(5, "redis/slots-moved", "slots of a Redis cluster move, with their keys", run_slots_moved),
]
