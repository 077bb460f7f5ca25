"""A RabbitMQ server, with an epmd of its own."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from measure.machine.accounts import as_server_user, own, server_folder
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.network.hosts import LOCAL, Host, Placed
from measure.network.ports import free_port

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
USER, PASSWORD = "khata", "secret"


class RabbitMQError(Exception):
    """What rabbitmqctl said."""


def amqp_url(place: Placed, user: str = USER, password: str = PASSWORD) -> str:
    host, port = place.address
    return f"amqp://{quote(user, safe='')}:{password}@{host}:{port}"


class RabbitMQServer:
    """As in ops/lib/rabbitmq.sh."""

    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        journal: Journal,
        host: Host = LOCAL,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.name, self.port, self.host = name, port, host
        self.folder = server_folder(folder)
        configuration = folder / "rabbitmq.conf"
        configuration.write_text(
            f"listeners.tcp.1 = {host.address}:{port}\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\n"
            "log.console = true\nlog.file = false\n"
            "disk_free_limit.absolute = 50MB\nvm_memory_high_watermark.absolute = 512MB\n"
        )
        plugins = folder / "enabled_plugins"
        plugins.write_text("[].\n")
        for path in (configuration, plugins):
            own(path)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": host.address,
            "RABBITMQ_NODENAME": "khata@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}",
            **environment,
        }
        self._epmd = self._process(journal, "epmd", "epmd")
        self.process = self._process(journal, name, str(PROGRAMS / "rabbitmq-server"), "-noinput")

    def _process(self, journal: Journal, name: str, *command: str) -> Process:
        log = self.folder / f"{name}.log"
        return Process(name, self.host.command(*as_server_user(*command)), log, journal, self._environment, self.folder)

    @property
    def address(self) -> tuple[str, int]:
        return self.host.address, self.port

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Does not wait until it answers."""
        if not self._epmd.is_alive:
            self._epmd.start()
        self.process.start()

    def await_ready(self, within_s: float = 120) -> None:
        self.process.await_ready(self._answers, within_s)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        self.process.end()
        self._epmd.end()

    def control(self, *arguments: str) -> str:
        """rabbitmqctl; returns what it printed."""
        done = subprocess.run(
            as_server_user(str(PROGRAMS / "rabbitmqctl"), "--quiet", *arguments),
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RabbitMQError(f"rabbitmqctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def add_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        """With what it may do with which exchanges and queues, as regular expressions."""
        self.control("add_user", name, password)
        self.control("set_permissions", name, configure, write, read)

    def _answers(self) -> bool:
        # The listener is opened last.
        with contextlib.suppress(OSError), socket.create_connection(self.address, 1):
            return True
        return False
