"""Where things lie on this machine when nobody says: the state directory, and the prompt cache of tools."""

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "CCAPPLIANCE_STATE"
SYSTEM = Path("/var/lib/ccappliance")


def state_directory(environment: Mapping[str, str], uid: int, system: Path = SYSTEM) -> Path:
    """Where journal, database, recordings and cache are kept unless told."""
    named = environment.get(VARIABLE)
    if named:
        return Path(named)
    if uid == 0 or os.access(system, os.W_OK | os.X_OK):
        return system
    home = environment.get("XDG_STATE_HOME") or f"{environment.get('HOME', '/tmp')}/.local/state"
    return Path(home) / "ccappliance"


def cache_directory(environment: Mapping[str, str], uid: int) -> Path:
    """Where `test` and `simulate` keep rendered prompts: the daemon's own cache, if they may write there."""
    return state_directory(environment, uid) / "cache"
