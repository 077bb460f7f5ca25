"""Row 14: hostile clients at every port: slow ones, huge, malformed and random requests. Others do not notice, and no
instance ends."""

import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

from measure.chaos.checks.afterwards import check_afterwards, check_reads
from measure.chaos.checks.availability import shown_names
from measure.chaos.checks.leaks import SPARE_MEMORY_MIB, Holdings, check_leaks
from measure.chaos.checks.recovery import check_recovery
from measure.chaos.clients import hostile_process
from measure.chaos.clients.crews import GOODS, readers, stock_up, writers
from measure.chaos.clients.reader import Reader
from measure.chaos.clients.worker import Crew, Worker
from measure.chaos.clients.writer import Writer
from measure.chaos.history import History
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Verdict
from measure.clients.http import Connection, SecureConnection, Unanswered
from measure.machine.child import Task
from measure.servers.stack import Stack
from measure.statistics import quantile

# In which a client has to be done with its request; the service adds what it needs to notice, and to hang up.
SECONDS = {f"CONNECTIONS_{what}_SECONDS": "2" for what in ("IDLE", "HANDSHAKE", "HEAD", "BODY", "ANSWER")}
CUT_S = 15.0
# What one of them may cost: TLS, a request or two, and an answer that is not taken. Malloc keeps what it had once.
CONNECTION_MIB = 1 / 16
# For one in a hundred answers to the others.
ANSWER_S = 1.0


class Probe(Worker):
    """Asks the operators' port how an instance is."""

    def __init__(self, instance: str, connection: Connection) -> None:
        super().__init__(f"probe-{instance}", pause_s=0.05)
        self._instance, self._connection = instance, connection

    def work(self) -> None:
        started = time.monotonic()
        try:
            answer = self._connection.get("/readyz")
        except Unanswered as error:
            self.failed("probe", self._instance, started, None, str(error))
        else:
            if answer.status != 200:
                self.failed("probe", self._instance, started, answer)


def run(testbed: Testbed) -> Verdict:
    testbed.need_command("openssl")
    verdict = Verdict()
    certificate, key = make_certificate(testbed.own_folder())
    with testbed.stack() as stack:
        stack.serve("plain", program=None, **SECONDS)
        stock = stock_up(testbed, stack)
        usual = Crew([*writers(testbed, stack, 4, pause_s=0.02), *readers(testbed, stack, 4, pause_s=0.02)])
        stack.serve("tls", program=None, TLS_CERTIFICATE_FILE=str(certificate), TLS_KEY_FILE=str(key), **SECONDS)
        usual.workers += [*tls_clients(testbed, stack, certificate), *probes(stack)]
        with usual:
            time.sleep(testbed.pick(1.5, 10))
            before = Holdings.of(stack)
            began = time.monotonic()
            found = attack(testbed, stack, testbed.seconds(5, 60))
            ended = time.monotonic()
            usual.check()
            spare_mib = SPARE_MEMORY_MIB + slow_clients(testbed) * CONNECTION_MIB
            check_leaks(stack, before, verdict, spare_mib=spare_mib)
        history = History.of([stock, usual.history])
        judge(found, verdict)
        verdict.note(ms_p99_before=p99_ms(history, 0, began), ms_p99_meanwhile=p99_ms(history, began, ended))
        verdict.must(p99_ms(history, began, ended) <= ANSWER_S * 1_000, "others waited")
        failures = history.failures
        verdict.must(not failures, f"requests of others failed: {shown_names(failures)}", [f"{e}" for e in failures])
        del stack.instances["tls"]
        check_recovery(stack, verdict)
        check_reads(history, check_afterwards(stack, history, verdict), verdict)
    return verdict


def make_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=khata"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def tls_clients(testbed: Testbed, stack: Stack, certificate: Path) -> list[Worker]:
    context = ssl.create_default_context(cafile=certificate)

    def connections() -> dict[str, Connection]:
        return {"tls": SecureConnection(stack.instances["tls"].address, stack.keys.admin, context)}

    return [
        Writer(name := "tls-writer", connections(), GOODS, testbed.random(name), 0.02),
        Reader(name := "tls-reader", connections(), GOODS, testbed.random(name), 0.02),
    ]


def probes(stack: Stack) -> list[Worker]:
    return [Probe(name, Connection(each.ops_address, None)) for name, each in stack.instances.items()]


def slow_clients(testbed: Testbed) -> int:
    """At a time."""
    return testbed.pick(100, 1_000)


def attack(testbed: Testbed, stack: Stack, seconds: float) -> dict[str, Any]:
    targets = [
        {"name": what, "address": address, "has_tls": what == "tls"}
        for name, each in stack.instances.items()
        for what, address in ((name, each.address), (f"{name}'s ops", each.ops_address))
    ]
    order = {
        "targets": targets,
        "key": stack.keys.admin,
        "seed": testbed.seed,
        "seconds": seconds,
        "slow": slow_clients(testbed),
        "quick": testbed.pick(20, 50),
    }
    with Task(hostile_process, order, testbed.journal) as task:
        return dict(task.found(seconds + 3 * hostile_process.PATIENCE_S))


def judge(found: dict[str, Any], verdict: Verdict) -> None:
    statuses = ", ".join(f"{count} {status}" for status, count in sorted(found["statuses"].items()))
    verdict.note(hostile_connections=sum(found["counts"].values()), kinds=len(found["counts"]), answers=statuses)
    longest = max(found["cut_s"].values(), default=0.0)
    verdict.note(seconds_until_slow_ones_were_cut_off=round(longest, 1))
    late = {name: seconds for name, seconds in found["cut_s"].items() if seconds > CUT_S}
    verdict.must(not late and not found["not_cut"], f"not cut off in time: {late | found['not_cut']}")
    failures = found["failures"]
    verdict.must(not failures, f"{len(failures)} requests were answered 500", failures)


def p99_ms(history: History, begin: float, end: float) -> float:
    intervals = [(each.started, each.ended) for requests in (history.reads, history.acknowledged) for each in requests]
    times = [ended - started for started, ended in intervals if begin <= started and ended <= end]
    return round(quantile(sorted(times), 0.99) * 1_000, 1)


SCENARIOS = [
    Scenario(14, "hostile-clients", "slow, huge, malformed and random requests at every port", run),
]
