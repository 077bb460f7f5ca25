"""Where things are."""

import os
from pathlib import Path

# Of the modules that run as processes of their own.
MODULES = Path(__file__).resolve().parents[1]
REPOSITORY = MODULES.parent
# Of all that a run leaves on the disk; PostgreSQL's own user has to get there.
TEMPORARY = Path("/var/tmp")
# Of the figures of a run.
STATE = Path(os.environ.get("KHATA_STATE", TEMPORARY / "khata"))
