"""Where a process runs: on this machine, or in a network namespace that stands for a machine of its own."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Host:
    address: str
    namespace: str | None = None

    def command(self, *command: str) -> list[str]:
        """`ip netns exec` becomes the command: the process id is the command's."""
        return [*(("ip", "netns", "exec", self.namespace) if self.namespace else ()), *command]


LOCAL = Host("127.0.0.1")


class Placed(Protocol):
    """A server, or a link to one."""

    @property
    def address(self) -> tuple[str, int]: ...
