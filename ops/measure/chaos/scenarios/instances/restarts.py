"""Row 20: an instance is told to stop under load (SIGTERM), and started again. Every request that it has accepted is answered.
Where its sockets are held for it, as systemd does, clients notice nothing but a pause; nor do they of two instances behind
HAProxy that are restarted in turn."""

import time
from collections.abc import Callable, Mapping

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import shown_names, slowest
from measure.chaos.clients.crews import GOODS, stock_up
from measure.chaos.clients.reader import Reader, Sweeper
from measure.chaos.clients.worker import Crew, Worker
from measure.chaos.clients.writer import Writer
from measure.chaos.history import Failure, History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.http import Answer, Connection, Unanswered
from measure.servers.haproxy import HAProxy
from measure.servers.instance import Instance

REUSED = "on a connection that was answered before"


class Client(Connection):
    """Counts its answers, and says of a failure whether the service knew the connection."""

    answers = 0

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        is_reused = self._socket is not None
        try:
            answer = super().request(method, path, body, headers)
        except Unanswered as error:
            raise Unanswered(f"{error}, {REUSED}" if is_reused else str(error)) from error
        self.answers += 1
        return answer


class OneRequestClient(Client):
    """Opens a connection for each request."""

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        try:
            return super().request(method, path, body, headers)
        finally:
            self.close()


def with_stops(holds_sockets: bool) -> Callable[[Testbed], Verdict]:
    def run(testbed: Testbed) -> Verdict:
        verdict, random = Verdict(), testbed.random("stops")
        stops = testbed.pick(6, 50)
        with testbed.stack() as stack:
            [instance] = stack.serve("a", holds_sockets=holds_sockets, LOG_REQUESTS="1")
            stock = stock_up(testbed, stack)
            handled_before = handled(instance)
            clients = [
                *(Client(instance.address, stack.keys.admin) for _ in range(12)),
                *(OneRequestClient(instance.address, stack.keys.admin) for _ in range(6)),
            ]
            with Crew(workers(testbed, clients)) as crew:
                for _ in range(stops):
                    time.sleep(random.uniform(0.2, 0.8))
                    restart(instance, verdict)
                    crew.check()
            history = History.of([stock, crew.history])
            answered = sum(client.answers for client in clients)
            accepted = handled(instance) - handled_before
            verdict.note(stops=stops, accepted=accepted, answered=answered)
            verdict.must(accepted == answered, f"{accepted - answered} accepted requests were not answered")
            judge(history, holds_sockets, verdict)
            check_reads(history, check_afterwards(stack, history, verdict), verdict)
        return verdict

    return run


def rolling(testbed: Testbed) -> Verdict:
    testbed.need_command("haproxy")
    verdict, rounds = Verdict(), testbed.pick(3, 25)
    with testbed.stack() as stack:
        one, two = stack.serve("a", "b", PROXIES_TRUSTED="127.0.0.1", CONNECTIONS_PER_ADDRESS="20000")
        stock = stock_up(testbed, stack)
        with HAProxy(one, two, stack.folder, testbed.journal) as proxy:
            clients = [
                *(Client(proxy.address, stack.keys.admin) for _ in range(12)),
                *(OneRequestClient(proxy.address, stack.keys.admin) for _ in range(6)),
            ]
            with Crew(workers(testbed, clients)) as crew:
                for _ in range(rounds):
                    for instance in (one, two):
                        time.sleep(0.5)
                        restart(instance, verdict)
                        proxy.await_all_up()
                        crew.check()
        history = History.of([stock, crew.history])
        verdict.note(restarts=2 * rounds, errors=len(history.failures), slowest_answer_s=slowest_s(history))
        must_not_fail(history.failures, verdict)
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
    return verdict


def restart(instance: Instance, verdict: Verdict) -> None:
    instance.process.stop()
    code = instance.process.exit_code
    verdict.must(code == 0, f"the exit status is {code}", [instance.process.last_lines()])
    instance.start()


def workers(testbed: Testbed, clients: list[Client]) -> list[Worker]:
    def worker(number: int, client: Client) -> Worker:
        connections: dict[str, Connection] = {"a": client}
        name = f"client-{number}"
        if number % 2:
            return Writer(name, connections, GOODS, testbed.random(name), 0.01)
        kind = Sweeper if number == 0 else Reader
        return kind(name, connections, GOODS, testbed.random(name), 0.002)

    return [worker(number, client) for number, client in enumerate(clients)]


def handled(instance: Instance) -> int:
    """Requests that the instance has logged."""
    time.sleep(1)  # It writes its log up to 100 ms later.
    return sum(" info khata: request " in line for line in instance.process.log.read_text().splitlines())


def judge(history: History, holds_sockets: bool, verdict: Verdict) -> None:
    failures = history.failures
    verdict.note(not_accepted=len(failures), slowest_answer_s=slowest_s(history))
    # Whoever opens a connection just then is refused, or reset before it is accepted.
    must_not_fail([each for each in failures if holds_sockets or each.status or REUSED in each.detail], verdict)


def must_not_fail(failures: list[Failure], verdict: Verdict) -> None:
    verdict.must(not failures, f"requests failed: {shown_names(failures)}", [f"{each}" for each in failures])


def slowest_s(history: History) -> float:
    return round(slowest(history.reads), 1)


SCENARIOS = [
    Scenario(20, "restart/held-sockets", "SIGTERM under load; the service manager holds the sockets", with_stops(True)),
    Scenario(20, "restart/own-sockets", "SIGTERM under load", with_stops(False)),
    Scenario(20, "restart/rolling", "two instances behind HAProxy are restarted in turn", rolling),
]
