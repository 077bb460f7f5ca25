"""The program: built, and run as a command."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from measure.places import REPOSITORY, TEMPORARY

# For a key whose rates are too high to matter.
UNLIMITED = ("--reads-per-second", "1000000", "--writes-per-second", "1000000")


class ProgramFailed(Exception):
    """A command ended with another status than 0; the message has what it printed."""


def build(folder: Path = REPOSITORY) -> Path:
    """The release of a checkout. With Swift's libraries inside it is faster, as it is in `ops/up`."""
    swift = ["swift", "build", "--package-path", str(folder), "--configuration", "release"]
    try:
        subprocess.run([*swift, "--static-swift-stdlib", "--product", "khata"], check=True, stdout=2)
        path = subprocess.run([*swift, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ProgramFailed(f"{folder} does not build: {error}") from error
    return Path(path.strip()) / "khata"


def build_commit(name: str) -> Path:
    """The release of a commit, in a folder of its own, which is kept."""
    git = ["git", "-C", str(REPOSITORY)]
    found = subprocess.run(
        [*git, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if found.returncode:
        raise ProgramFailed(f"there is no commit '{name}'")
    folder = TEMPORARY / "khata-old" / found.stdout.strip()
    if not (program := folder / ".build/release/khata").exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run([*git, "archive", found.stdout.strip()], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "--extract", "--directory", str(folder)], check=True, input=archive)
        build(folder)
    return program


def run_program(program: Path, settings: Mapping[str, str], *arguments: str, timeout_s: float = 120) -> str:
    """Returns what it printed."""
    done = subprocess.run(
        [program, *arguments],
        env=service_environment(settings),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise ProgramFailed(f"khata {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def create_key(program: Path, settings: Mapping[str, str], name: str, role: str, *rates: str) -> str:
    output = run_program(program, settings, "key", "create", "--name", name, "--role", role, "--json", *rates)
    return str(json.loads(output)["key"])


def service_environment(settings: Mapping[str, str], environment: Mapping[str, str] = {}) -> dict[str, str]:
    """Nothing of the caller's reaches the service but where programs are found. `settings`: by their names in the
    environment, without KHATA_."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        **{f"KHATA_{name}": value for name, value in settings.items()},
        **environment,
    }
