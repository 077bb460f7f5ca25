"""The wall clock of some processes, which can be stepped while they run."""

import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    def __init__(self, folder: Path) -> None:
        """`folder`: where its files go. Needs a C compiler."""
        self._file, self._library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(bytes(8))
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self._library, SOURCE], check=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the processes that go by it."""
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._file)}

    def step_to(self, ahead_s: int) -> None:
        """That much ahead of the machine's clock."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", ahead_s))
