"""What `ops/bench` and `ops/chaos` have in common: options, a folder and a journal for the run, and how it ends."""

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from measure.clients.http import Unanswered, Unexpected
from measure.machine.child import ChildFailed
from measure.machine.process import EndedEarly
from measure.machine.undo import Journal
from measure.machine.waiting import NotInTime
from measure.places import STATE, TEMPORARY
from measure.servers.program import ProgramFailed, build
from measure.servers.rabbitmq import RabbitMQError
from measure.servers.redis import RedisError
from measure.servers.sql import SQLError


class Failed(Exception):
    """A run cannot go on; the message says why."""


# Ways in which a run fails that are not our own mistakes: the message is enough.
EXPECTED = (
    *(Failed, NotInTime, ProgramFailed, ChildFailed, EndedEarly),
    *(SQLError, RedisError, RabbitMQError, Unanswered, Unexpected),
)


def add_options(parser: argparse.ArgumentParser, figures: str) -> None:
    """`figures`: the file in which they are, if no other is named."""
    path = STATE / figures
    parser.add_argument("--json", type=Path, metavar="FILE", default=path, help=f"for the figures ({path})")
    parser.add_argument("--program", type=Path, metavar="FILE", help="the khata to run (built from this checkout)")


def program(options: argparse.Namespace) -> Path:
    """The one that was named, or else that of this checkout."""
    if options.program is not None:
        return existing(options.program)
    say("building")
    return build()


def existing(program: Path) -> Path:
    if not program.is_file():
        raise Failed(f"there is no program {program}")
    return program.resolve()


@contextlib.contextmanager
def run_folder(name: str) -> Iterator[tuple[Path, Journal]]:
    """Nothing of what the journal knows is left when the block ends, the folder included."""
    with Journal() as journal:
        folder = Path(tempfile.mkdtemp(prefix=f"khata-{name}.", dir=TEMPORARY))
        journal.folder(folder)
        folder.chmod(0o711)
        yield folder, journal


def end_with(main: Callable[[], int]) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except EXPECTED as error:
        sys.exit(f"error: {error}")


def say(text: str) -> None:
    # In one piece, whoever else speaks.
    sys.stderr.write(f"== {text}\n")
