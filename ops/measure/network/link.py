"""A TCP link that can be broken: a process of its own between clients and a server, steered from here."""

from measure.machine.child import Steered
from measure.machine.undo import Journal
from measure.network import link_process

Address = tuple[str, int]


class Link(Steered):
    """Connections to `address` lead to the target."""

    def __init__(self, target: Address, journal: Journal, is_postgres: bool = False) -> None:
        """`is_postgres`: whether its commits are looked for; then it is one of PostgreSQL's."""
        super().__init__(link_process, [target, is_postgres], journal)
        self.address: Address = tuple(self.receive()["address"])

    def lead_to(self, target: Address) -> None:
        """New connections do; those that are open stay where they are."""
        self.do("lead_to", target=target)

    def cut(self, share: float = 1) -> int:
        """Closes connections, the oldest first, and tells how many."""
        return int(self.do("cut", share=share)["cut"])

    def hold(self) -> None:
        """Nothing passes any more, and nobody is told: new connections open, and are silent."""
        self.do("hold")

    def delay(self, seconds: float) -> None:
        """What passes takes so much longer, each way."""
        self.do("delay", seconds=seconds)

    def refuse(self) -> None:
        """Connections are closed, and so are new ones."""
        self.do("refuse")

    def release(self) -> None:
        """As before; what was held goes on its way."""
        self.do("release")

    def break_commits(self, count: int) -> None:
        """So many of the next commits of movements lose their connection: before, while and after they are made."""
        self.do("break_commits", count=count)

    def stop_after_commit(self, pid: int) -> None:
        """The process is stopped when its next commit of movements was made, before it is told so."""
        self.do("stop_after_commit", pid=pid)

    def stop_no_more(self) -> None:
        """If that commit has not come."""
        self.do("stop_no_more")

    def counts(self) -> dict[str, int]:
        """How many faults happened, by kind."""
        return dict(self.do("counts"))
