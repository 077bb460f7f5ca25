"""Row 12: the wall clock of the service, of PostgreSQL or of Redis is stepped by an hour, both ways, under load."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import Interval, shown_names, slowest
from measure.chaos.checks.recovery import LIMIT_S, await_hits, check_recovery
from measure.chaos.clients.crews import GOODS, readers, stock_up, writers
from measure.chaos.clients.reader import Reader
from measure.chaos.clients.worker import Crew, Worker
from measure.chaos.history import Failure, History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.machine.clock import Clock
from measure.network.link import Link
from measure.servers.redis import redis_url
from measure.servers.stack import Places, Stack

HOUR_S = 3_600
# Of one to the next: forward and back, back and forward.
OFFSETS_S = (HOUR_S, 0, -HOUR_S, 0)
# PostgreSQL ends what seems to take too long, when its clock jumps: for so long requests may be refused.
GRACE_S = 3.0
REFUSALS = {"primary-unavailable", "outcome-unknown", "overloaded"}

Prepare = Callable[[Stack, Link], None]


def with_steps(processes: tuple[str, ...], prepare: Prepare, grace_s: float) -> Callable[[Testbed], Verdict]:
    """`prepare`: what is done before each step, so that there is something to go wrong."""

    def run(testbed: Testbed) -> Verdict:
        testbed.need_command("cc")
        verdict, steps = Verdict(), list[Interval]()
        clock = Clock(testbed.own_folder())
        places = Places(environments=dict.fromkeys(processes, clock.environment))
        with testbed.stack(places) as stack, Link(stack.redis.address, testbed.journal) as redis_way:
            # The first one is the relay.
            stack.serve("b")
            stack.serve("a", REDIS_URL=redis_url(redis_way))
            stock = stock_up(testbed, stack)
            await_hits(stack, LIMIT_S)
            with ExitStack() as crews:
                crew = crews.enter_context(Crew(workers(testbed, stack)))
                for offset_s in OFFSETS_S * testbed.pick(1, 5):
                    time.sleep(testbed.pick(0.5, 3))
                    prepare(stack, redis_way)
                    clock.step_to(offset_s)
                    began = time.monotonic()
                    # Longer than anybody waits for a commit to be told.
                    time.sleep(testbed.pick(1.2, 3))
                    redis_way.release()
                    verdict.must(await_hits(stack, LIMIT_S), f"at {offset_s:+,} s the cache is not used any more")
                    steps.append((began, time.monotonic()))
                    crew.check()
            history = History.of([stock, crew.history])
            verdict.note(steps=len(steps), longest_s=round(max(end - begin for begin, end in steps), 1))
            check_recovery(stack, verdict)
            check_reads(history, check_afterwards(stack, history, verdict), verdict)
            judge_failures(history, steps, grace_s, verdict)
        return verdict

    return run


def workers(testbed: Testbed, stack: Stack) -> list[Worker]:
    """Some of them with the rates of a shop, which they do not use up."""
    shop = stack.keys.clerk
    return [
        *writers(testbed, stack, 3),
        *writers(testbed, stack, 2, pause_s=0.1, prefix="shop-", key=shop),
        *readers(testbed, stack, 4, is_apart=True),
        *(
            Reader(
                name := f"shop-reader-{instance}", stack.connect(instance, key=shop), GOODS, testbed.random(name), 0.04
            )
            for instance in stack.instances
        ),
    ]


def judge_failures(history: History, steps: list[Interval], grace_s: float, verdict: Verdict) -> None:
    wrong = [failure for failure in history.failures if not is_excused(failure, steps, grace_s)]
    verdict.note(refused=len(history.failures), slowest_refusal_s=round(slowest(history.failures), 1))
    verdict.must(not wrong, f"requests failed: {shown_names(wrong)}", [f"{each}" for each in wrong])


def is_excused(failure: Failure, steps: list[Interval], grace_s: float) -> bool:
    return failure.code in REFUSALS and any(began <= failure.ended <= began + grace_s for began, _ in steps)


def nothing(_: Stack, __: Link) -> None:
    pass


def leave_untold(_: Stack, redis_way: Link) -> None:
    """Commits whose writer cannot tell the cache of them, for the relay to do so."""
    redis_way.refuse()
    time.sleep(0.3)


def leave_dead_claims(stack: Stack, _: Link) -> None:
    """All marks are being found out by processes that have died over it."""
    script = """
        local now = redis.call('TIME')
        for _, key in ipairs(redis.call('KEYS', '*:mark')) do
            redis.call('DEL', key)
            redis.call('HSET', key, 'claim', 'dead', 'claimed_at', now[1] .. string.sub('00000' .. now[2], -6, -4))
        end
        """
    stack.redis.execute("EVAL", script, 0)


SCENARIOS = [
    Scenario(
        12, "clock/service", "the service's clock is stepped by an hour, both ways", with_steps(("a", "b"), nothing, 0)
    ),
    Scenario(
        12,
        "clock/postgres",
        "the databases' clock is stepped so, with commits that nobody was told of",
        with_steps(("primary", "replica"), leave_untold, GRACE_S),
    ),
    Scenario(
        12,
        "clock/redis",
        "Redis's clock is stepped so, with marks that are claimed by the dead",
        with_steps(("redis",), leave_dead_claims, 0),
    ),
]
