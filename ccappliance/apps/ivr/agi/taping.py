"""RECORD FILE: what the caller says, kept as a WAV file for the script."""

import math
from array import array
from typing import TYPE_CHECKING

from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.sounds import heard
from ccappliance.base.units import dbm0
from ccappliance.call.leg import LegGone

if TYPE_CHECKING:
    from ccappliance.apps.ivr.agi.session import Session

LONGEST = 600.0  # s of a recording, held in memory: 9.6 MB
LOOK = 0.2  # s between two looks at what has come
TAIL = 0.01  # s that are not worth another look
QUIET = -38.0  # dBm0 below which nobody talks: a caller's speech is -15 to -30, a line's noise below -45 (G.712)
FORMS = ("wav", "WAV")


async def tape(session: "Session", name: str, form: str, *, stops: str, most: float, beep: bool, silence: int) -> str:
    """Record until a key, so many seconds (negative: LONGEST), or so many seconds of silence (0: does not count)."""
    path = session.workshop.folder.path(name, anywhere=session.local) if form in FORMS else None
    if path is None:
        return grammar.result(-1, "writefile")
    await session.call.answer()
    if beep:
        await session.keys.play([session.visit.tools.book.get("beep", session.call.language)], "")
    clock, port = session.visit.tools.clock, session.call.anchor.port
    until = clock.now() + min(LONGEST, most if most > 0 else LONGEST)
    pcm, quiet, digit, gone = b"", 0.0, "", False
    running = port.tape()
    try:
        while (left := until - clock.now()) > TAIL and not digit:
            digit = await session.keys.wait(min(LOOK, left), stops)
            came = heard(running.read())
            pcm += came
            quiet = quiet + min(LOOK, left) if is_quiet(came) else 0.0
            if silence and quiet >= silence:
                break
    except LegGone:
        gone = True
    finally:
        running.stop()
        pcm += heard(running.read())
    if not await session.workshop.folder.write(path, pcm):
        return grammar.result(-1, "writefile")
    samples = len(pcm) // 2
    if gone:
        return grammar.result(-1, "hangup", endpos=samples)
    return grammar.result(ord(digit) if digit else 0, "dtmf" if digit else "timeout", endpos=samples)


def is_quiet(pcm: bytes) -> bool:
    """Nobody talks in these samples."""
    values = array("h", pcm)
    power = sum(value * value for value in values) / len(values) if values else 0.0
    return dbm0(math.sqrt(power)) < QUIET


