"""Variables as AGI names them: Asterisk's own ones of a call, and the flow's, whose names are small letters.

A value is text and stays text: nothing in it is evaluated, so a caller's name cannot become a command.
"""

import re
from collections.abc import Callable, Mapping

from ccappliance.base.values import MAX_TEXT
from ccappliance.call.call import Call
from ccappliance.call.leg import LegState

_HOLE = re.compile(r"\$\{([^${}:]+)(?::(-?\d{1,4}))?(?::(-?\d{1,4}))?\}")  # ${NAME}, ${NAME:first:length}
_CALLER = re.compile(r'\s*"?([^"<]*?)"?\s*<\s*([0-9*#+]*)\s*>\s*')
_NUMBER = re.compile(r"[0-9*#+]*", re.ASCII)
MAX_NAME = 64  # characters of a caller's name

UP, RINGING, DOWN = 6, 4, 0  # CHANNEL STATUS


def channel_name(call: Call) -> str:
    """The anchor's channel, in the form that tools expect."""
    return f"DAHDI/{call.anchor.circuit.name}-1"


def channel_status(call: Call) -> int:
    """6: up, 4: it rings, 0: down."""
    if call.anchor.is_gone:
        return DOWN
    return UP if call.anchor.state is LegState.ANSWERED else RINGING


def variable_name(name: str) -> str:
    """A flow's name for a script's: `__Balance` and `BALANCE` are balance, CDR(userfield) is cdr_userfield."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.strip().lower()).strip("_")
    return (f"v{plain}" if not plain or plain[0].isdigit() else plain)[:32]


class Names:
    """All that a script can read and write of one call."""

    def __init__(self, call: Call, flow: str, now: Callable[[], float]) -> None:
        self._call = call
        self._fixed: Mapping[str, Callable[[], str]] = {
            "CHANNEL": lambda: channel_name(call), "UNIQUEID": lambda: call.id, "LINKEDID": lambda: call.id,
            "EXTEN": lambda: call.called or "s", "CONTEXT": lambda: flow, "PRIORITY": lambda: "1",
            "LANGUAGE": lambda: call.language, "CHANNEL(LANGUAGE)": lambda: call.language,
            "CHANNEL(STATE)": lambda: {UP: "Up", RINGING: "Ring"}.get(channel_status(call), "Down"),
            "CALLERID(NUM)": lambda: call.calling, "CALLERID(NUMBER)": lambda: call.calling,
            "CALLERID(NAME)": lambda: call.name, "CALLERID(DNID)": lambda: call.called,
            "CALLERID(ALL)": lambda: f'"{call.name}" <{call.calling}>', "EPOCH": lambda: str(int(now()))}
        self._late: dict[str, str] = {}  # set when the call was over: its CDR is written, only the script sees them
        self.dead = False

    def get(self, name: str) -> str | None:
        """None if there is no such variable."""
        fixed = self._fixed.get(name.strip().upper())
        if fixed is not None:
            return fixed()
        plain = variable_name(name)
        value = self._late.get(plain, self._call.variables.get(plain, ""))
        return value or None

    def set(self, name: str, value: str) -> None:
        """What is Asterisk's own cannot be set, but the language and who calls."""
        upper = name.strip().upper()
        if upper in ("CHANNEL(LANGUAGE)", "LANGUAGE"):
            self._call.language = value or self._call.language
        elif upper in ("CALLERID(ALL)", "CALLERID(NUM)", "CALLERID(NUMBER)"):
            self.set_caller(value)
        elif upper == "CALLERID(NAME)":
            self._call.name = value[:MAX_NAME]
        elif upper not in self._fixed:
            (self._late if self.dead else self._call.variables)[variable_name(name)] = value[:MAX_TEXT]

    def set_caller(self, written: str) -> None:
        """`"Name" <number>`, or a number: what later legs of the call show. The journal keeps who really called."""
        both = _CALLER.fullmatch(written)
        if both:
            self._call.name, self._call.calling = both[1][:MAX_NAME], both[2]
        elif _NUMBER.fullmatch(written.strip()):
            self._call.calling = written.strip()

    def expand(self, text: str) -> str:
        """The text with each ${NAME} replaced, once: what a value holds is never looked at again."""
        return _HOLE.sub(self._fill, text)[:MAX_TEXT]

    def _fill(self, hole: re.Match[str]) -> str:
        value = self.get(hole[1]) or ""
        if hole[2] is not None:
            value = value[int(hole[2]):]
        if hole[3] is not None:
            value = value[:int(hole[3])]
        return value
