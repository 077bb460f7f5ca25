"""Row 14: hostile clients at every port: slow ones, huge, malformed and random requests. Others do not notice, and no
instance ends."""

import json
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from faults.bench import Bench
from faults.checks.afterwards import check_afterwards, check_reads
from faults.checks.availability import shown_names
from faults.checks.leaks import SPARE_MEMORY_MIB, Holdings, check_leaks
from faults.checks.recovery import check_recovery
from faults.clients import hostile_process
from faults.clients.crews import GOODS, readers, stock_up, writers
from faults.clients.http import Connection, SecureConnection, Unanswered
from faults.clients.load import quantile
from faults.clients.reader import Reader
from faults.clients.worker import Crew, Worker
from faults.clients.writer import Writer
from faults.history import History
from faults.scenario import Scenario
from faults.servers.stack import Stack
from faults.verdict import Verdict

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


def run(bench: Bench) -> Verdict:
    bench.need_command("openssl")
    verdict = Verdict()
    certificate, key = make_certificate(bench.own_folder())
    with bench.stack() as stack:
        stack.serve("plain", program=None, **SECONDS)
        stock = stock_up(bench, stack)
        usual = Crew([*writers(bench, stack, 4, pause_s=0.02), *readers(bench, stack, 4, pause_s=0.02)])
        stack.serve("tls", program=None, TLS_CERTIFICATE_FILE=str(certificate), TLS_KEY_FILE=str(key), **SECONDS)
        usual.workers += [*tls_clients(bench, stack, certificate), *probes(stack)]
        with usual:
            time.sleep(bench.pick(1.5, 10))
            before = Holdings.of(stack)
            began = time.monotonic()
            found = attack(bench, stack, bench.seconds(5, 60))
            ended = time.monotonic()
            usual.check()
            spare_mib = SPARE_MEMORY_MIB + slow_clients(bench) * CONNECTION_MIB
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


def tls_clients(bench: Bench, stack: Stack, certificate: Path) -> list[Worker]:
    context = ssl.create_default_context(cafile=certificate)

    def connections() -> dict[str, Connection]:
        return {"tls": SecureConnection(stack.instances["tls"].address, stack.keys.admin, context)}

    return [
        Writer(name := "tls-writer", connections(), GOODS, bench.random(name), 0.02),
        Reader(name := "tls-reader", connections(), GOODS, bench.random(name), 0.02),
    ]


def probes(stack: Stack) -> list[Worker]:
    return [Probe(name, Connection(each.ops_address, None)) for name, each in stack.instances.items()]


def slow_clients(bench: Bench) -> int:
    """At a time."""
    return bench.pick(100, 1_000)


def attack(bench: Bench, stack: Stack, seconds: float) -> dict[str, Any]:
    targets = [
        {"name": what, "address": address, "has_tls": what == "tls"}
        for name, each in stack.instances.items()
        for what, address in ((name, each.address), (f"{name}'s ops", each.ops_address))
    ]
    order = {
        "targets": targets,
        "key": stack.keys.admin,
        "seed": bench.seed,
        "seconds": seconds,
        "slow": slow_clients(bench),
        "quick": bench.pick(20, 50),
    }
    process = subprocess.Popen(
        [sys.executable, "-B", "-m", hostile_process.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        text=True,
    )
    bench.journal.process(process.pid)
    output, _ = process.communicate(json.dumps(order), timeout=seconds + 3 * hostile_process.PATIENCE_S)
    return dict(json.loads(output))


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
