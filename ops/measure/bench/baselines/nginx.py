"""nginx: serves pages of stock from files, with the headers that they have from Khata."""

import http.client
import os
import signal
import socket
from collections.abc import Iterable
from pathlib import Path

from measure.bench.loads.wrk import Target
from measure.command import Failed, say
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.network.ports import free_port

CONFIGURATION = Path(__file__).with_name("nginx.conf")
# Those that it makes by itself.
OWN_HEADERS = ("connection", "content-length", "content-type", "date", "etag", "server")


class Nginx:
    def __init__(self, khata: Target, paths: Iterable[str], folder: Path, journal: Journal) -> None:
        """`paths`: of the pages. Its workers are another user's: they may read what is here."""
        say("starting nginx")
        folder.mkdir()
        folder.chmod(0o755)
        headers = copy_pages(khata, paths, folder / "files")
        address = "127.0.0.1", free_port()
        (folder / "nginx.conf").write_text(CONFIGURATION.read_text())
        (folder / "server.conf").write_text(f"listen {address[0]}:{address[1]};\n{add_headers(headers)}")
        process = Process(
            "nginx",
            ["nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"],
            folder / "log",
            journal,
            {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
            folder,
            ending=signal.SIGTERM,
        )
        self.target = Target(process, address, khata.key)
        process.start()
        process.await_ready(self._answers, within_s=30)

    def end(self) -> None:
        self.target.process.end()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(self.target.address) == 0


def copy_pages(khata: Target, paths: Iterable[str], folder: Path) -> list[tuple[str, str]]:
    """Each in a file that is named for its path, without the query. Returns the headers of the last one."""
    connection = http.client.HTTPConnection(*khata.address, timeout=10)
    headers: list[tuple[str, str]] = []
    for path in paths:
        connection.request("GET", path, headers={"Authorization": f"Bearer {khata.key}"})
        page = connection.getresponse()
        body = page.read()
        if page.status != 200:
            raise Failed(f"{path} was answered {page.status}: {body[:500]!r}")
        headers = page.getheaders()
        file = folder / path.partition("?")[0].strip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    connection.close()
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    return headers


def add_headers(headers: Iterable[tuple[str, str]]) -> str:
    """For its configuration."""
    escaped = str.maketrans({"\\": "\\\\", '"': '\\"'})
    others = [(name, value) for name, value in headers if name.lower() not in OWN_HEADERS]
    return "".join(f'add_header {name} "{value.translate(escaped)}";\n' for name, value in others)
