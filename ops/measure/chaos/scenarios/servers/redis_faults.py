"""Row 5: Redis is killed, emptied, stopped, restored, filled, and fails over there and back. Nobody notices."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from random import Random

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import shown_names
from measure.chaos.checks.recovery import await_hits, check_recovery
from measure.chaos.clients.crews import GOODS, readers, stock_up, work_under
from measure.chaos.clients.goods import product_name
from measure.chaos.clients.worker import Crew
from measure.chaos.history import Change, History, Recorded, Write
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.network.link import Link
from measure.servers.postgres import database_url
from measure.servers.program import run_program
from measure.servers.redis import RedisError, RedisServer, redis_url
from measure.servers.stack import Stack

Strike = Callable[[Stack, Random], None]


def with_strikes(strike: Strike) -> Callable[[Testbed], Verdict]:
    """One Redis, and something that happens to it again and again."""

    def run(testbed: Testbed) -> Verdict:
        random = testbed.random("strikes")
        with testbed.stack() as stack:
            stack.serve("a", "b")
            history, strikes = work_under(testbed, stack, lambda: strike(stack, random), testbed.seconds(3.5, 60))
            return verdict_of(stack, history, times=strikes)

    return run


def verdict_of(stack: Stack, history: History, **figures: int) -> Verdict:
    """No wrong answers, and no errors."""
    verdict = Verdict()
    verdict.note(**figures)
    check_recovery(stack, verdict)
    check_reads(history, check_afterwards(stack, history, verdict), verdict)
    verdict.note(errors=len(history.failures))
    verdict.must(
        not history.failures,
        f"requests failed: {shown_names(history.failures)}",
        [f"{each}" for each in history.failures],
    )
    return verdict


def flush(stack: Stack, random: Random) -> None:
    stack.redis.execute("FLUSHALL")
    time.sleep(random.uniform(0.01, 0.1))


def kill(stack: Stack, random: Random) -> None:
    time.sleep(random.uniform(0.5, 1.0))
    stack.redis.kill()
    time.sleep(random.uniform(0.0, 1.0))
    stack.redis.start()


def stop(stack: Stack, random: Random) -> None:
    time.sleep(random.uniform(0.5, 1.0))
    stack.redis.process.pause()
    time.sleep(random.uniform(0.03, 1.0))
    stack.redis.process.resume()


def restore(stack: Stack, random: Random) -> None:
    """It comes back with the data of a moment ago."""
    time.sleep(random.uniform(0.5, 1.0))
    stack.redis.execute("SAVE")
    time.sleep(random.uniform(0.1, 0.5))
    stack.redis.kill()
    stack.redis.start()


def fill_up(stack: Stack, random: Random) -> None:
    """It refuses all that takes memory; then it evicts whatever it has, as others fill it."""
    used = int(stack.redis.figure("memory", "used_memory"))
    stack.redis.execute("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", used)
    time.sleep(random.uniform(0.2, 0.5))
    stack.redis.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-random", "maxmemory", used + (256 << 10))
    script = "for i = 1, 20 do redis.call('SET', 'filler:' .. ARGV[1] .. ':' .. i, string.rep('x', 16384)) end"
    for _ in range(30):
        # What it cannot evict may be too much by itself: then it refuses this too.
        with suppress(RedisError):
            stack.redis.execute("EVAL", script, 0, random.random().hex())
        time.sleep(0.01)
    stack.redis.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", 256 << 20)
    time.sleep(random.uniform(0.2, 0.5))


def fail_over(shares: Callable[[Random], tuple[float, float]], follows: bool) -> Callable[[Testbed], Verdict]:
    """Two servers of Redis are master in turn, behind one address for each instance.

    `shares`: how many of the connections of each instance are closed at a switch; the others stay with the old master.
    `follows`: whether the old master becomes a replica of the new one, or goes on as it was.
    """

    def run(testbed: Testbed) -> Verdict:
        random = testbed.random("switches")
        with testbed.stack() as stack, ExitStack() as links:
            first, second = stack.redis, stack.new_redis("redis-2")
            second.start()
            second.follow(first)
            ways = [links.enter_context(Link(first.address, testbed.journal)) for _ in range(2)]
            for name, way in zip("ab", ways, strict=True):
                stack.serve(name, REDIS_URL=redis_url(way))
            masters = [first, second]

            def strike() -> None:
                for _ in range(2):
                    switch(masters, ways, shares(random), follows)
                    # As soon as the cache is used again; if it is not, nothing can be wrong with it.
                    await_hits(stack, within_s=4)
                    time.sleep(random.uniform(0.3, 0.8))

            # Few writes: most of what is cached stays as it is, and would be believed for long.
            history, strikes = work_under(testbed, stack, strike, testbed.seconds(3.5, 60), write_pause_s=0.5)
            for way in ways:
                way.cut()
            return verdict_of(stack, history, times_there_and_back=strikes)

    return run


def switch(masters: list[RedisServer], ways: list[Link], shares: tuple[float, float], follows: bool) -> None:
    """The second becomes the master, and the first one the second."""
    old, new = masters
    new.lead()
    for way, share in zip(ways, shares, strict=True):
        way.lead_to(new.address)
        way.cut(share)
    if follows:
        old.follow(new)
    masters.reverse()


def run_unknowing_writer(testbed: Testbed) -> Verdict:
    """A command records movements beside the instances, and was told nothing of Redis."""
    with testbed.stack() as stack:
        stack.serve("a", "b")
        notes = [stock_up(testbed, stack)]
        levels = testbed.random("levels").sample(GOODS.levels, testbed.pick(10, 80))
        with Crew(readers(testbed, stack, 4)) as crew:
            for number, level in enumerate(levels):
                change = Change(level, 1, f"command-{number}")
                started = time.monotonic()
                output = run_program(
                    stack.program,
                    {"PRIMARY_URL": database_url(stack.primary)},
                    *("move", "in", product_name(level.product), "1", "--store", str(level.store)),
                    *("--reference", change.reference, "--json"),
                )
                answer = json.loads(output)
                recorded = (Recorded(answer["position"], answer["on_hand"]),)
                notes.append(History([Write((change,), started, time.monotonic(), recorded, "command")]))
                crew.check()
                time.sleep(0.1)
        return verdict_of(stack, History.of([*notes, crew.history]), commands=len(levels))


SCENARIOS = [
    Scenario(5, "redis/killed", "Redis is killed and started", with_strikes(kill)),
    Scenario(5, "redis/flushed", "Redis is emptied", with_strikes(flush)),
    Scenario(5, "redis/stopped", "Redis hangs", with_strikes(stop)),
    Scenario(5, "redis/old-data", "Redis comes back with old data", with_strikes(restore)),
    Scenario(5, "redis/full", "Redis is out of memory", with_strikes(fill_up)),
    Scenario(
        5,
        "redis/promoted",
        "a replica of Redis is promoted, there and back",
        fail_over(lambda _: (1, 1), follows=True),
    ),
    Scenario(
        5,
        "redis/promoted-halfway",
        "the same, and half of the connections stay with the old master",
        fail_over(lambda _: (0.5, 0.5), follows=True),
    ),
    Scenario(
        5,
        "redis/two-masters",
        "the same, and the old master goes on; each instance keeps what connections it will",
        fail_over(lambda random: (random.choice((0, 0.5, 1)), random.choice((0, 0.5, 1))), follows=False),
    ),
    Scenario(5, "redis/unknowing-writer", "a command records without knowing of Redis", run_unknowing_writer),
]
