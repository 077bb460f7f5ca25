"""Commands through RabbitMQ: as many as are answered, and how long each takes at a rate."""

from measure.bench.loads.wrk import Rate
from measure.bench.results import Result
from measure.bench.run import WARM_UP_S
from measure.bench.seeds import PRODUCTS, STORES
from measure.bench.shops import QueueShop
from measure.clients.queues import CommandLoad, CommandOutcome
from measure.command import Failed, say
from measure.statistics import quantile

# Published, and not answered.
PENDING = 2_000
PACED = 3_000


def measure_commands(shop: QueueShop) -> list[Result]:
    run = shop.run
    say(f"commands: {run.rounds} rounds of {run.seconds} s of each")
    shop.instance.reset_peak_memory()
    send(shop, WARM_UP_S, "warm-up", pending=PENDING)
    rounds = []
    for number in range(run.rounds):
        shop.checkpoint()
        most = send(shop, run.seconds, f"most-{number}", pending=PENDING)
        paced = send(shop, run.seconds, f"paced-{number}", rate=PACED).latencies
        rounds.append(Rate(round(most.per_second, 1), 1_000 * quantile(paced, 0.5), 1_000 * quantile(paced, 0.99)))
    note = f"{PENDING} pending at a time; p50 and p99 from publication to outcome at {PACED}/s"
    return [Result("commands", "movements", 1, rounds, shop.instance.peak_memory_kib(), note=note)]


def send(shop: QueueShop, seconds: int, name: str, **how: int) -> CommandOutcome:
    """All have to be answered, and recorded."""
    before = shop.recorded()
    load = CommandLoad(shop.stack.rabbitmq, shop.command_user, shop.run.journal)
    outcome = load.run(seconds=seconds, name=name, stores=STORES, products=PRODUCTS, **how)
    growth = shop.recorded() - before
    if outcome.refused or not outcome.sent == outcome.answered == growth:
        raise Failed(
            f"of {outcome.sent} commands {outcome.answered} were answered, {outcome.refused} of them refused, "
            f"and {growth} are in the ledger"
        )
    return outcome
