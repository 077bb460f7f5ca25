"""Row 9: a thousand clients want the last unit, in the same moment, through both instances."""

import json
import resource
import time

from measure.chaos.checks.afterwards import check_alive, check_books
from measure.chaos.clients.goods import level_path
from measure.chaos.clients.orders import movement
from measure.chaos.history import Change, Level
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.http import Connection
from measure.clients.volley import volley

CLIENTS = 1_000


def run(testbed: Testbed) -> Verdict:
    verdict = Verdict()
    raise_file_limit()
    rounds = testbed.pick(5, 100)
    random = testbed.random("levels")
    wins: list[int] = []
    others: list[str] = []
    slowest_s = 0.0
    with testbed.stack() as stack:
        stack.serve("a", "b")
        admin = stack.connect("a")["a"]
        # Who is a stranger pays with the address, which they all have in common.
        for connection in stack.connect().values():
            assert connection.get("/stores").status == 200
            connection.close()
        crowd = [
            Connection(stack.instances["ab"[number % 2]].address, stack.keys.admin, timeout_s=60)
            for number in range(CLIENTS)
        ]
        for number in range(rounds):
            level = Level(1 + number % 40, random.randint(1, 40))
            had = on_hand(admin, level)
            for delta in (-had, 1):
                if delta:
                    order = movement(Change(level, delta, f"round-{number}"))
                    assert admin.post(order.path, order.body).status == 201
            sale = movement(Change(level, -1, f"sale-{number}"))
            body = json.dumps(sale.body).encode()
            messages = [
                connection.message("POST", sale.path, body, {"Idempotency-Key": f"{number}-{client}"})
                for client, connection in enumerate(crowd)
            ]
            random.shuffle(messages)
            started = time.monotonic()
            answers = volley(crowd, messages)
            slowest_s = max(slowest_s, time.monotonic() - started)
            wins.append(sum(answer is not None and answer.status == 201 for answer in answers))
            others += [
                str(answer and (answer.status, answer.code))
                for answer in answers
                if answer is None or (answer.code != "insufficient-stock" and answer.status != 201)
            ]
            for name, connection in stack.connect().items():
                left = on_hand(connection, level)
                verdict.must(left == 0, f"{left} are left of the last unit, instance {name} says")
                connection.close()
        for connection in crowd:
            connection.close()
        check_books(stack, verdict)
        check_alive(stack, verdict)
    verdict.note(rounds=rounds, clients=CLIENTS, winners=sum(wins), slowest_round_s=round(slowest_s, 2))
    verdict.must(all(count == 1 for count in wins), f"not exactly one won each: {[c for c in wins if c != 1]}")
    verdict.must(not others, f"{len(others)} answers were others than won or lost", others)
    return verdict


def on_hand(connection: Connection, level: Level) -> int:
    answer = connection.get(level_path(level))
    return answer.json["on_hand"] if answer.status == 200 else 0


def raise_file_limit() -> None:
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


SCENARIOS = [
    Scenario(9, "last-unit", "1,000 clients for the last unit", run),
]
