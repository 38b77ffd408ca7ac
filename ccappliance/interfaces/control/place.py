"""Where the control socket is: the path by default, and whether its directory can be trusted."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ccappliance.base.errors import Refused

VARIABLE = "CCAPPLIANCE_SOCKET"
SYSTEM = Path("/run/ccappliance/control.sock")
_NAME = Path("ccappliance", "control.sock")
_LONGEST = 107  # bytes of a Unix socket's path (unix(7), sun_path)


def default_socket(environment: Mapping[str, str], uid: int, system: Path = SYSTEM) -> Path:
    """Where a daemon of this user listens, unless told."""
    named = environment.get(VARIABLE)
    if named:
        return Path(named)
    if uid == 0 or os.access(system.parent, os.W_OK | os.X_OK):
        return system
    return _own(environment, uid)


def find_socket(environment: Mapping[str, str], uid: int, system: Path = SYSTEM) -> Path:
    """Where a client of this user should knock: the first place with a socket, else the daemon's default.

    A user who may not write in /run can still be a member of the daemon's group.
    """
    named = environment.get(VARIABLE)
    if named:
        return Path(named)
    own = _own(environment, uid)
    for path in (system, own):
        if path.is_socket():
            return path
    return default_socket(environment, uid, system)


def _own(environment: Mapping[str, str], uid: int) -> Path:
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime and _owner(Path(runtime)) == uid:
        return Path(runtime) / _NAME
    return Path(f"/tmp/ccappliance-{uid}") / _NAME.name


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def trusted(path: Path, uid: int) -> None:
    """Refused("unsafe_directory") if others could have put the socket there: the directory must belong to root or to
    us, be no link, and not be writable by others (unless it is sticky, and only for a socket that was named).
    """
    if len(os.fsencode(path)) > _LONGEST:
        raise Refused("socket_path", f"{path} is longer than {_LONGEST} bytes: name a shorter one with --socket")
    try:
        found = path.parent.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode):
        raise Refused("unsafe_directory", f"{path.parent} is not a directory: name another socket with --socket")
    open_to_all = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if found.st_uid not in (0, uid) or open_to_all:
        raise Refused("unsafe_directory", f"{path.parent} belongs to somebody else or can be written by everybody: "
                                          "remove it, or name another socket with --socket")


def prepare(path: Path, uid: int) -> None:
    """Make the socket's directory (0700) if it is missing, and check it. Refused if that cannot be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused("socket_path", f"{path.parent} cannot be made: {error.strerror}; name another socket with "
                                     "--socket") from error
    trusted(path, uid)
