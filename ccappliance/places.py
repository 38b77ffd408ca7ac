"""Where things lie on this machine when nobody says: the state directory, the prompt cache of tools, the tape rings."""

import os
import zlib
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


RUN = Path("/run/ccappliance")
SHARED_MEMORY = Path("/dev/shm")  # everybody's: what is made there is looked at before it is used
IN_MEMORY = ("tmpfs", "ramfs")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MOUNTS = Path("/proc/self/mounts")


def ring_folders(told: str, environment: Mapping[str, str], state: Path, mounts: str | None = None) -> list[Path]:
    """Where the tape rings of the daemon with this state directory may lie, best first: only in memory, for a page of a
    disk's file may be held up while it is written back, and the tick with it. What somebody told us is used as it is.
    """
    own = f"ccappliance-rings-{zlib.crc32(os.fsencode(state.resolve())):08x}"
    if told:
        return [Path(told) / own]
    table = _MOUNTS.read_text(encoding="utf-8", errors="replace") if mounts is None else mounts
    named = [Path(word) for word in environment.get("RUNTIME_DIRECTORY", "").split(":") if word]
    return [folder / own for folder in [*named, RUN, SHARED_MEMORY] if _is_in_memory(folder, table)]


def boot_id() -> str:
    """Changes with every start of the machine."""
    return _BOOT.read_text(encoding="ascii").strip()


def _is_in_memory(folder: Path, mounts: str) -> bool:
    """By the mount it lies in: the longest that it begins with, the last of those of one place."""
    found = max((words for words in map(str.split, mounts.splitlines())
                 if len(words) > 2 and folder.is_relative_to(words[1])), key=lambda words: len(words[1]), default=None)
    at = found[1] if found is not None else ""
    kinds = [words[2] for words in map(str.split, mounts.splitlines()) if len(words) > 2 and words[1] == at]
    return bool(kinds) and kinds[-1] in IN_MEMORY
