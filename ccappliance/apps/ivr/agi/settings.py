"""Where AGI scripts lie, and what they are called by."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ccappliance.config.keys import key

FASTAGI_PORT = 4573
PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
FASTAGI = "agi://"


@dataclass(frozen=True, kw_only=True)
class AgiSettings:
    """AGI scripts of flows."""

    directory: str = key("/etc/ccappliance/agi", pattern=r"/.+", doc="The programs that flows may name.")
    sounds: str = key("", pattern=r"(/.+)?", doc="WAV files that scripts play by their path below it, and the ones "
                                                 "they record; empty: agi-sounds beside the recordings.")
    python_path: str = key("", doc="PYTHONPATH of the programs, such as the place of pyst2's package asterisk.")


def script_problem(script: str) -> str:
    """What is wrong with the name of a script; "" if nothing is."""
    if not script.startswith(FASTAGI):
        return "" if PROGRAM.fullmatch(script) else f"{script!r} is no name of a program"
    try:
        host, _, _ = fastagi(script)
    except ValueError as error:
        return f"this is no address of a FastAGI server: {error}"
    return "" if host and script.isprintable() and " " not in script else "there is no host"


def fastagi(script: str) -> tuple[str, int, str]:
    """Host, port, and script (path and query) of agi://HOST:PORT/PATH?QUERY. ValueError if the port is none."""
    parts = urlsplit(script)
    path = parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname or "", parts.port or FASTAGI_PORT, path
