"""A TCP link that can be broken: a process of its own between clients and a server, steered from here."""

import json
import subprocess
import threading
from typing import Any, Self

from measure.machine.child import module_command
from measure.machine.undo import Journal
from measure.network import link_process
from measure.places import MODULES

Address = tuple[str, int]


class Link:
    """Connections to `address` lead to the target."""

    def __init__(self, target: Address, journal: Journal, is_postgres: bool = False) -> None:
        """`is_postgres`: whether its commits are looked for; then it is one of PostgreSQL's."""
        self._process = subprocess.Popen(
            [*module_command(link_process), json.dumps([target, is_postgres])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=MODULES,
            start_new_session=True,
            text=True,
        )
        journal.process(self._process.pid)
        self._lock = threading.Lock()
        self.address: Address = tuple(self._receive()["address"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def lead_to(self, target: Address) -> None:
        """New connections do; those that are open stay where they are."""
        self._do("lead_to", target=target)

    def cut(self, share: float = 1) -> int:
        """Closes connections, the oldest first, and tells how many."""
        return int(self._do("cut", share=share)["cut"])

    def hold(self) -> None:
        """Nothing passes any more, and nobody is told: new connections open, and are silent."""
        self._do("hold")

    def delay(self, seconds: float) -> None:
        """What passes takes so much longer, each way."""
        self._do("delay", seconds=seconds)

    def refuse(self) -> None:
        """Connections are closed, and so are new ones."""
        self._do("refuse")

    def release(self) -> None:
        """As before; what was held goes on its way."""
        self._do("release")

    def break_commits(self, count: int) -> None:
        """So many of the next commits of movements lose their connection: before, while and after they are made."""
        self._do("break_commits", count=count)

    def stop_after_commit(self, pid: int) -> None:
        """The process is stopped when its next commit of movements was made, before it is told so."""
        self._do("stop_after_commit", pid=pid)

    def stop_no_more(self) -> None:
        """If that commit has not come."""
        self._do("stop_no_more")

    def counts(self) -> dict[str, int]:
        """How many faults happened, by kind."""
        return dict(self._do("counts"))

    def _do(self, name: str, **arguments: Any) -> Any:
        with self._lock:
            assert self._process.stdin
            self._process.stdin.write(json.dumps({"do": name, **arguments}) + "\n")
            self._process.stdin.flush()
            return self._receive()

    def _receive(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())
