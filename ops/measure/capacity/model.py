"""The service: instances with their lanes, a primary, replicas and a cache, and requests that pass through them."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from measure.capacity.costs import Costs
from measure.capacity.simulation import Action, Log, Processors, Simulation
from measure.statistics import quantile

# That of the setting write.commands_per_transaction.
MAXIMUM_BATCH = 256
WRITE = "movements"
# How often a part works that nobody has asked: its heartbeats.
HEARTBEAT_S = 0.05


@dataclass(frozen=True)
class Deployment:
    """Machines, each with so many cores."""

    lanes: int
    hop_s: float
    flush_s: float
    instances: int = 1
    instance_cores: int = 2
    primary_cores: int = 2
    replicas: int = 1
    replica_cores: int = 2
    redis_cores: int = 1
    # All of it on one machine, and the load too.
    is_together: bool = False


@dataclass(frozen=True)
class Workload:
    """Requests a second, by kind: movements, and reads as they are named in the costs."""

    per_second: Mapping[str, float] = field(default_factory=dict)
    # Otherwise at even distances, as the load of ops/bench sends them.
    is_random: bool = False
    # At most so many requests have no response yet; more than that wait until they are sent. Without a rate, each client
    # sends the next request of the kind as soon as it has a response.
    clients: int | None = None
    kind: str = WRITE


@dataclass(frozen=True)
class Outcome:
    per_second: float
    p50_ms: float
    p99_ms: float
    transactions_per_second: float
    # The share of its machine's cores that was in use, of a part's busiest machine.
    use: Mapping[str, float]


def simulate(costs: Costs, deployment: Deployment, workload: Workload, seconds: float, kind: str = WRITE) -> Outcome:
    """`kind`: the requests whose times are told."""
    simulation = Simulation()
    service = Service(simulation, costs, deployment, random.Random(1))
    service.work_in_background()
    for each, rate in workload.per_second.items():
        if rate:
            service.send_at(each, rate, workload.is_random, workload.clients)
    if not workload.per_second:
        for _ in range(workload.clients or 0):
            service.send_in_turn(workload.kind)
    simulation.run(seconds)
    took = sorted(took_s for asked, took_s in service.took[kind] if asked >= WARM_UP_SHARE * seconds)
    measured_s = seconds * (1 - WARM_UP_SHARE)
    return Outcome(
        per_second=len(took) / measured_s,
        p50_ms=quantile(took, 0.5) * 1_000,
        p99_ms=quantile(took, 0.99) * 1_000,
        transactions_per_second=service.transactions / seconds,
        use={
            part: max(each.busy_s / each.cores for each in machines) / seconds
            for part, machines in service.machines.items()
        },
    )


# Of the time, in which nothing counts.
WARM_UP_SHARE = 0.2


class Service:
    def __init__(self, simulation: Simulation, costs: Costs, deployment: Deployment, chance: random.Random) -> None:
        self.simulation, self.costs, self.deployment, self._chance = simulation, costs, deployment, chance
        self.machines = machines(simulation, deployment)
        self.log = Log(simulation, deployment.flush_s)
        self.lanes = [
            [Lane(self, instance) for _ in range(deployment.lanes)] for instance in self.machines["khata"]
        ]
        self.transactions = 0
        # By kind: when each request was sent, and how long its response took.
        self.took: dict[str, list[tuple[float, float]]] = {WRITE: [], **{kind: [] for kind in costs.reads}}
        self._sent: Counter[str] = Counter()

    def send_at(self, kind: str, rate: float, is_random: bool, maximum: int | None) -> None:
        free, due = maximum, 0

        def arrive() -> None:
            nonlocal due
            due += 1
            send()
            self.simulation.after(self._chance.expovariate(rate) if is_random else 1 / rate, arrive)

        def send() -> None:
            nonlocal free, due
            if due and free != 0:
                due -= 1
                free = None if free is None else free - 1
                self.send(kind, responded)

        def responded() -> None:
            nonlocal free
            free = None if free is None else free + 1
            send()

        arrive()

    def send_in_turn(self, kind: str) -> None:
        self.send(kind, lambda: self.send_in_turn(kind))

    def send(self, kind: str, then: Action) -> None:
        asked = self.simulation.now
        number = self._sent[kind] % len(self.machines["khata"])
        self._sent[kind] += 1

        def responded() -> None:
            self.took[kind].append((asked, self.simulation.now - asked))
            then()

        if kind == WRITE:
            self._write(number, responded)
        else:
            self._read(number, self.costs.reads[kind], responded)

    def _write(self, number: int, responded: Action) -> None:
        instance, cost = self.machines["khata"][number], self.costs.writes
        lane = self._chance.choice(self.lanes[number])
        half_s = cost["khata"].movement / 2

        def respond() -> None:
            instance.use(half_s, lambda: self.hop(responded))

        self.steps(
            [self.work("load", 0, cost["load"].movement), self.hop, lambda then: instance.use(half_s, then)],
            lambda: lane.submit(respond),
        )

    def _read(self, number: int, cost: Mapping[str, float], responded: Action) -> None:
        """From the cache, and what is not there from a replica; a few from the primary, which knows more."""
        instance = self.machines["khata"][number]
        replica = self._chance.randrange(self.deployment.replicas)
        steps: list[Callable[[Action], None]] = [
            *(self.work("load", 0, cost["load"]), self.hop, lambda then: instance.use(cost["khata"] / 2, then)),
            *(self.hop, self.work("redis", 0, cost["redis"]), self.hop),
        ]
        for part, which in (("replica", replica), ("primary", 0)):
            if cost[part] > MINIMUM_S:
                steps += [self.hop, self.work(part, which, cost[part]), self.hop]
        steps.append(lambda then: instance.use(cost["khata"] / 2, then))
        self.steps([*steps, self.hop], responded)

    def hop(self, then: Action) -> None:
        self.simulation.after(self.deployment.hop_s, then)

    def work(self, part: str, which: int, seconds: float) -> Callable[[Action], None]:
        return lambda then: self.machines[part][which].use(seconds, then)

    def steps(self, steps: Sequence[Callable[[Action], None]], then: Action) -> None:
        """One after the other."""
        if steps:
            steps[0](lambda: self.steps(steps[1:], then))
        else:
            then()

    def work_in_background(self) -> None:
        for part, share in self.costs.idle.items():
            for machine in self.machines[part]:
                self._beat(machine, share * HEARTBEAT_S)

    def _beat(self, machine: Processors, seconds: float) -> None:
        def again() -> None:
            self.simulation.after(HEARTBEAT_S, lambda: self._beat(machine, seconds))

        machine.use(seconds, again)


# Less than this is the background's share.
MINIMUM_S = 5e-6


class Lane:
    """Takes all that waits into one transaction, commits it, and then the next."""

    def __init__(self, service: Service, instance: Processors) -> None:
        self._service, self._instance = service, instance
        self._waiting: list[Action] = []
        self._is_busy = False

    def submit(self, respond: Action) -> None:
        self._waiting.append(respond)
        if not self._is_busy:
            self._begin()

    def _begin(self) -> None:
        service = self._service
        batch, self._waiting = self._waiting[:MAXIMUM_BATCH], self._waiting[MAXIMUM_BATCH:]
        self._is_busy = True
        service.transactions += 1
        cost = service.costs.writes
        half_s = cost["primary"].total(len(batch)) / 2
        between_s = cost["khata"].transaction

        def decide(then: Action) -> None:
            self._instance.use(between_s, then)

        service.steps(
            [
                *(service.hop, service.work("primary", 0, half_s), service.hop, decide),
                *(service.hop, service.work("primary", 0, half_s), service.log.flush, service.hop),
            ],
            lambda: self._committed(batch),
        )

    def _committed(self, batch: list[Action]) -> None:
        service = self._service
        for replica in service.machines["replica"]:
            replica.use(service.costs.writes["replica"].total(len(batch)), lambda: None)

        def respond() -> None:
            for each in batch:
                each()

        # The next transaction does not wait for the cache.
        invalidate = service.work("redis", 0, service.costs.writes["redis"].total(len(batch)))
        service.steps([service.hop, invalidate, service.hop], respond)
        self._is_busy = False
        if self._waiting:
            self._begin()


def machines(simulation: Simulation, deployment: Deployment) -> dict[str, list[Processors]]:
    """By part. The load's is never short of cores unless all are together."""
    if deployment.is_together:
        machine = Processors(simulation, deployment.instance_cores)
        return {part: [machine] for part in ("khata", "primary", "replica", "redis", "load")}
    counts = {
        "khata": (deployment.instances, deployment.instance_cores),
        "primary": (1, deployment.primary_cores),
        "replica": (deployment.replicas, deployment.replica_cores),
        "redis": (1, deployment.redis_cores),
        "load": (1, 1_000),
    }
    return {part: [Processors(simulation, cores) for _ in range(number)] for part, (number, cores) in counts.items()}
