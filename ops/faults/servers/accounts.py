"""PostgreSQL refuses to run as root: its own user runs the servers then."""

import os
import pwd
import shutil
from pathlib import Path

IS_ROOT = os.geteuid() == 0
ACCOUNT = "postgres"


def as_server_user(*command: str) -> list[str]:
    become = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"] if IS_ROOT else []
    return [*become, *command]


def server_folder(path: Path) -> Path:
    """Makes a folder that belongs to the servers' user alone."""
    path.mkdir(mode=0o700)
    own(path)
    return path


def own(path: Path) -> None:
    if IS_ROOT:
        shutil.chown(path, pwd.getpwnam(ACCOUNT).pw_uid, pwd.getpwnam(ACCOUNT).pw_gid)
