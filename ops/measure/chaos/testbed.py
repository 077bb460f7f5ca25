"""What a scenario has at its disposal."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from measure.chaos.verdict import Skipped
from measure.machine.undo import Journal
from measure.servers.patroni import COMMANDS
from measure.servers.patroni_stack import PatroniStack, SynchronousPatroniStack
from measure.servers.postgres import Settings
from measure.servers.stack import Places, Stack
from measure.servers.template import Template

Value = TypeVar("Value")


@dataclass(frozen=True)
class Testbed:
    # Of this scenario; does not exist yet.
    folder: Path
    program: Path
    # The program from which is upgraded.
    old_program: Path | None
    template: Template
    journal: Journal
    is_long: bool
    # For how long clients work, if that is not the scenario's to say.
    seconds_wanted: float | None
    seed: str
    # Where the logs of all servers go, if anybody wants them.
    logs: Path | None

    def pick(self, short: Value, long: Value) -> Value:
        return long if self.is_long else short

    def seconds(self, short: float, long: float) -> float:
        return self.seconds_wanted or self.pick(short, long)

    def random(self, name: str = "") -> Random:
        return Random(f"{self.seed}/{name}")

    def stack(
        self,
        places: Places = Places(),
        primary_settings: Settings = {},
        standbys: tuple[str, ...] = ("replica",),
        name: str = "stack",
        with_queue: bool = False,
    ) -> Stack:
        return Stack(
            self.own_folder() / name,
            self.program,
            self.template,
            self.journal,
            places,
            primary_settings,
            standbys,
            self.logs,
            with_queue,
        )

    def patroni_stack(self, is_synchronous: bool, places: Places = Places()) -> PatroniStack:
        for command in COMMANDS:
            self.need_command(command)
        kind = SynchronousPatroniStack if is_synchronous else PatroniStack
        return kind(self.own_folder() / "stack", self.program, self.template, self.journal, places, logs=self.logs)

    def own_folder(self) -> Path:
        """For whatever a scenario keeps there."""
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o711)
        return self.folder

    def need_root(self) -> None:
        if os.geteuid() != 0:
            raise Skipped("needs root")

    def need_command(self, name: str) -> None:
        if shutil.which(name) is None:
            raise Skipped(f"needs the command {name}")
