"""What instances hold on to: memory, descriptors, threads, connections to the databases."""

import contextlib
from dataclasses import dataclass

from measure.chaos.verdict import Verdict
from measure.machine.waiting import NotInTime, eventually
from measure.servers.instance import Footprint
from measure.servers.postgres import ROLE
from measure.servers.stack import Stack

# A few connections more or less are open at any moment.
SPARE_DESCRIPTORS = 30
SPARE_THREADS = 12
# Of two instances: their pools (a dozen for reads, a few for writes) open what they need, and keep it.
SPARE_CONNECTIONS = 24
# Swift's runtime and malloc keep what they had once.
SPARE_MEMORY_MIB = 60


@dataclass(frozen=True)
class Holdings:
    instances: dict[str, Footprint]
    # Of all instances, on all servers.
    connections: int

    @classmethod
    def of(cls, stack: Stack) -> "Holdings":
        count = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}'"
        return cls(
            {name: instance.footprint() for name, instance in stack.instances.items()},
            sum(int(server.value(count) or 0) for server in (stack.primary, *stack.standbys)),
        )

    def more_than(self, before: "Holdings", spare_mib: float = SPARE_MEMORY_MIB) -> list[str]:
        """What it is too much of."""
        found = []
        for name, now in self.instances.items():
            was = before.instances[name]
            for what, value, limit in (
                ("descriptors", now.descriptors, was.descriptors + SPARE_DESCRIPTORS),
                ("threads", now.threads, was.threads + SPARE_THREADS),
                ("MiB", now.memory_mib, was.memory_mib + spare_mib),
            ):
                if value > limit:
                    found.append(f"{name} holds {value:.0f} {what}, not {limit:.0f}")
        if self.connections > before.connections + SPARE_CONNECTIONS:
            found.append(f"{self.connections} connections to the databases, not {before.connections}")
        return found


def check_leaks(
    stack: Stack, before: Holdings, verdict: Verdict, within_s: float = 20, spare_mib: float = SPARE_MEMORY_MIB
) -> None:
    """Within a while all is given back."""
    with contextlib.suppress(NotInTime):
        eventually(
            "nothing is leaked", lambda: not Holdings.of(stack).more_than(before, spare_mib), within_s, pause_s=0.5
        )
    leaks = (now := Holdings.of(stack)).more_than(before, spare_mib)
    verdict.note(
        **{
            "descriptors more": max(
                now.instances[name].descriptors - was.descriptors for name, was in before.instances.items()
            ),
            "MiB more": round(
                max(now.instances[name].memory_mib - was.memory_mib for name, was in before.instances.items())
            ),
        }
    )
    verdict.must(not leaks, f"something leaks: {'; '.join(leaks)}")
