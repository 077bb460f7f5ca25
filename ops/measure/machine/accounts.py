"""PostgreSQL refuses to run as root: its own user runs the servers then."""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

IS_ROOT = os.geteuid() == 0
ACCOUNT = "postgres"


def as_server_user(*command: str, environment: Mapping[str, str] = {}) -> list[str]:
    """`environment`: of the command alone, not of what makes it another user's."""
    become = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"] if IS_ROOT else []
    variables = [f"{name}={value}" for name, value in environment.items()]
    return [*become, *(("env", *variables) if variables else ()), *command]


def server_folder(path: Path) -> Path:
    """Makes a folder that belongs to the servers' user alone."""
    path.mkdir(mode=0o700)
    own(path)
    return path


def own(path: Path) -> None:
    if IS_ROOT:
        shutil.chown(path, pwd.getpwnam(ACCOUNT).pw_uid, pwd.getpwnam(ACCOUNT).pw_gid)
