"""A small file system, to be filled."""

import shutil
from pathlib import Path
from typing import Self

from measure.machine.accounts import own
from measure.machine.child import run
from measure.machine.undo import Journal

BLOCK = bytes(1 << 16)


class SmallDisk:
    """In memory; needs root."""

    def __init__(self, path: Path, mebibytes: int, journal: Journal) -> None:
        self._path = path
        path.mkdir()
        journal.mount(path)
        run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "khata-chaos", str(path))
        own(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        run("umount", "--lazy", str(self._path))

    def take_in(self, folder: Path) -> None:
        """Moves a folder there, and leaves a link in its place."""
        there = self._path / folder.name
        shutil.copytree(folder, there, symlinks=True)
        for path in (there, *there.rglob("*")):
            own(path)
        shutil.rmtree(folder)
        folder.symlink_to(there)

    def fill(self) -> None:
        """To the last byte."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(BLOCK):
                    pass
            except OSError:
                return

    def free(self) -> None:
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self._path / "ballast"
