"""AMI on the wire: actions out of bytes, and messages into bytes in which no value can break a line or a client.

Source: main/manager.c of Asterisk 22. Lines end in CRLF (LF alone is taken), a blank line ends a message.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ccappliance.base.errors import CcError
from ccappliance.base.limits import MAX_AMI_LINE, MAX_AMI_LINES

Field = tuple[str, str]
Fields = Sequence[Field]
END = b"\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_()-]{0,63}")
# pyst2 collects everything after a line with these words until one with "StatusComplete": only our lists may have it
_TRAP = "status will follow"
LISTS = ("Channel status will follow", "Queue status will follow")
_END_COMMAND = "--END COMMAND--"


class TooLong(CcError):
    """A client says more than a line or an action may have: it is told, and closed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One action. Names are in small letters; of a name that comes twice, `get` answers the first."""

    fields: tuple[Field, ...]

    def get(self, name: str, default: str = "") -> str:
        wanted = name.lower()
        return next((value for key, value in self.fields if key == wanted), default)

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self.fields if key == wanted]

    @property
    def action(self) -> str:
        return self.get("action")

    @property
    def action_id(self) -> str:
        return self.get("actionid")


class Parser:
    """Bytes in any portions → actions. A line without a colon is passed over, as Asterisk does."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: list[Field] = []
        self._lines = 0

    def feed(self, data: bytes) -> list[Asked]:
        """The actions that are whole now. TooLong."""
        found: list[Asked] = []
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if len(line) > MAX_AMI_LINE:
                raise TooLong(f"a line has at most {MAX_AMI_LINE} bytes")
            text = line.decode("utf-8", "replace").rstrip("\r")
            if text:
                self._line(text)
            elif self._lines:
                found.append(Asked(tuple(self._fields)))
                self._fields, self._lines = [], 0
        if len(self._rest) > MAX_AMI_LINE:
            raise TooLong(f"a line has at most {MAX_AMI_LINE} bytes")
        return found

    def _line(self, text: str) -> None:
        self._lines += 1
        if self._lines > MAX_AMI_LINES:
            raise TooLong(f"an action has at most {MAX_AMI_LINES} lines")
        name, colon, value = text.partition(":")
        if colon:
            self._fields.append((name.strip().lower(), value.strip()))


def clean(value: str) -> str:
    """One line that no client takes for something else (F69)."""
    text = _CONTROL.sub(" ", value)
    return text.replace(_TRAP, "status_will_follow") if _TRAP in text and text not in LISTS else text


def is_name(name: str) -> bool:
    """May a client's own event have a field of this name? ChanVariable is what pyst2 falls over."""
    plain = name.lower()
    return _NAME.fullmatch(name) is not None and "chanvariable" not in plain and plain not in (
        "event", "response", "actionid", "action", "privilege", "eventlist", "message")


def message(fields: Iterable[Field]) -> bytes:
    """A response or an event as bytes."""
    lines = [f"{name}: {clean(value)}\r\n" for name, value in fields]
    return "".join([*lines, "\r\n"]).encode("utf-8", "replace")


def legacy(fields: Iterable[Field], output: Iterable[str]) -> bytes:
    """The answer to Command as it was before Asterisk 14: lines with LF only, and a marker after them."""
    lines = [f"{name}: {clean(value)}\r\n" for name, value in fields]
    said = [clean(line).replace(_END_COMMAND, "") + "\n" for line in output]
    return "".join([*lines, *said, _END_COMMAND, "\r\n\r\n"]).encode("utf-8", "replace")
