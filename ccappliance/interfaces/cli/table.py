"""Plain tables and texts for a terminal: aligned with Chinese characters, and no control character ever passes."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GAP = "  "
_WIDE = ("W", "F")  # East Asian Wide and Fullwidth take two columns (UAX #11)
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, bidi overrides, surrogates, line separators
_ZERO = ("Mn", "Me")  # combining marks


def clean(value: Any) -> str:
    """A value as text on one line; what could move the cursor or change the terminal becomes '?' (F69)."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return ", ".join(clean(item) for item in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(name)} {clean(item)}" for name, item in value.items()) or "-"
    return "".join("?" if unicodedata.category(letter) in _HIDDEN else letter for letter in str(value))


def width(text: str) -> int:
    """Columns a cleaned text takes."""
    return sum(0 if unicodedata.category(letter) in _ZERO
               else 2 if unicodedata.east_asian_width(letter) in _WIDE else 1 for letter in text)


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows under headings. A column is a field's name, or "field:heading"; numbers stand to the right."""
    names = [column.partition(":")[0] for column in columns]
    heads = [(column.partition(":")[2] or column).replace("_", " ").upper() for column in columns]
    rows = list(rows)
    cells = [[clean(row.get(name)) for name in names] for row in rows]
    right = [any(_number(row.get(name)) for row in rows)
             and all(_number(row.get(name)) or row.get(name) is None for row in rows) for name in names]
    widths = [max(width(line[index]) for line in [heads, *cells]) for index in range(len(names))]
    return "\n".join(_line(line, widths, right) for line in [heads, *cells])


def fields(row: Mapping[str, Any], skip: Sequence[str] = ()) -> str:
    """One thing, a field on each line."""
    shown = {name.replace("_", " "): clean(value) for name, value in row.items() if name not in skip}
    longest = max((width(name) for name in shown), default=0)
    return "\n".join(f"{_pad(name, longest)}{_GAP}{text}" for name, text in shown.items())


def duration(seconds: float | None) -> str:
    """1:05, or 1:02:03."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f}%"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [_pad(cell, columns, to_right) for cell, columns, to_right in zip(cells, widths, right, strict=True)]
    return _GAP.join(padded).rstrip()


def _pad(text: str, columns: int, to_right: bool = False) -> str:
    space = " " * (columns - width(text))
    return space + text if to_right else text + space
