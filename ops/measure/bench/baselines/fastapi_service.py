"""FastAPI on uvicorn: a small service on a file of SQLite (fastapi_shop.py), from PyPI."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from measure.bench.loads.wrk import Target
from measure.clients.http import Connection, Unanswered
from measure.command import Failed, say
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.network.ports import free_port

SHOP = Path(__file__).with_name("fastapi_shop.py")
PACKAGES = ("fastapi", "uvicorn[standard]")


class FastAPI:
    def __init__(self, folder: Path, journal: Journal, histories: Mapping[int, int]) -> None:
        """`histories`: how many movements products have."""
        say("installing and starting the service in Python")
        folder.mkdir()
        programs, file = folder / "venv/bin", folder / "shop.db"
        address = "127.0.0.1", free_port()
        # Beside nothing that has the name of a package.
        shutil.copy(SHOP, folder)
        self.versions = install(folder / "venv")
        process = Process(
            "fastapi",
            [
                *(str(programs / "uvicorn"), "--app-dir", str(folder), "--port", str(address[1])),
                *("--log-level", "warning", "--no-access-log", "fastapi_shop:app"),
            ],
            folder / "log",
            journal,
            {"PATH": os.environ["PATH"], "SHOP_FILE": str(file), "PYTHONDONTWRITEBYTECODE": "1"},
            folder,
            ending=signal.SIGTERM,
        )
        self.target = Target(process, address, "none")
        process.start()
        process.await_ready(lambda: self._on_hand(1) is not None, within_s=30)
        with sqlite3.connect(file) as database:
            for product, count in histories.items():
                lines = [(product,)] * count
                database.executemany("insert into movements (product_id, change) values (?, 1)", lines)
        database.close()
        for product, count in histories.items():
            if self._on_hand(product) != count:
                raise Failed(f"the service in Python has {self._on_hand(product)} of product {product}, not {count}")

    def end(self) -> None:
        self.target.process.end()

    def _on_hand(self, product: int) -> int | None:
        connection = Connection(self.target.address, None)
        try:
            return int(connection.get(f"/stores/1/stock/{product}").json["on_hand"])
        except Unanswered:
            return None
        finally:
            connection.close()


def install(environment: Path) -> str:
    """Returns the versions of what is measured."""
    pip = [str(environment / "bin/pip"), "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([*pip, "install", *PACKAGES], check=True)
        installed = subprocess.run([*pip, "freeze"], check=True, stdout=subprocess.PIPE, text=True).stdout
    except subprocess.CalledProcessError as error:
        raise Failed(f"FastAPI cannot be installed: {error}") from error
    return " ".join(re.findall(r"^(?:fastapi|uvicorn)==\S+", installed, re.MULTILINE))
