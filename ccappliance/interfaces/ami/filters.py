"""A client's event filters: a small part of regular expressions, which no text can make slow.

`^`, `$`, `.`, `.*` and `\\` before a letter that would mean something; `!` at the beginning keeps what matches away.
"""

from collections.abc import Sequence

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_AMI_FILTERS

_SPECIAL = "+*?()[]{}|"
_ANY = "\0"  # stands for one letter; no text on the wire has it


class Filters:
    """Those of one session. With none that lets through, everything is let through."""

    def __init__(self) -> None:
        self._through: list[_Pattern] = []
        self._away: list[_Pattern] = []

    def add(self, written: str) -> None:
        """Refused("bad_filter"), ("too_many")."""
        if len(self._through) + len(self._away) >= MAX_AMI_FILTERS:
            raise Refused("too_many", f"a session has at most {MAX_AMI_FILTERS} filters")
        if written.startswith("!"):
            self._away.append(_Pattern(written[1:]))
        else:
            self._through.append(_Pattern(written))

    def __bool__(self) -> bool:
        return bool(self._through or self._away)

    def passes(self, lines: Sequence[str]) -> bool:
        """An event as its lines."""
        if any(one.fits(line) for one in self._away for line in lines):
            return False
        return not self._through or any(one.fits(line) for one in self._through for line in lines)


class _Pattern:
    """One, taken apart into pieces that must follow each other."""

    def __init__(self, written: str) -> None:
        self._first = written.startswith("^")
        written = written.removeprefix("^")
        self._last = written.endswith("$") and not written.endswith("\\$")
        self._pieces = _pieces(written[:-1] if self._last else written)

    def fits(self, line: str) -> bool:
        pieces = self._pieces
        if self._last and len(pieces) == 1 and self._first:
            return len(line) == len(pieces[0]) and _at(line, pieces[0], 0)
        at = 0
        for number, piece in enumerate(pieces):
            if number == 0 and self._first:
                found = 0 if _at(line, piece, 0) else -1
            elif number == len(pieces) - 1 and self._last:
                found = len(line) - len(piece) if _at(line, piece, len(line) - len(piece)) else -1
            else:
                found = next((spot for spot in range(at, len(line) - len(piece) + 1) if _at(line, piece, spot)), -1)
            if found < at:
                return False
            at = found + len(piece)
        return True


def _at(line: str, piece: str, spot: int) -> bool:
    return 0 <= spot <= len(line) - len(piece) and all(
        want in (_ANY, line[spot + number]) for number, want in enumerate(piece))


def _pieces(written: str) -> list[str]:
    pieces, letters = [""], iter(written.replace(_ANY, ""))
    for letter in letters:
        if letter == "\\":
            pieces[-1] += next(letters, "\\")
        elif letter == "*" and pieces[-1].endswith(_ANY):
            pieces[-1] = pieces[-1][:-1]
            pieces.append("")
        elif letter == ".":
            pieces[-1] += _ANY
        elif letter in _SPECIAL:
            raise Refused("bad_filter", f"a filter knows . .* ^ $ and \\, but not {letter!r}")
        else:
            pieces[-1] += letter
    return pieces
