"""A CSV source: a table held in memory by its keys, read again when its file has changed."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ccappliance.apps.ivr.sources.query import SourceFault
from ccappliance.apps.ivr.sources.settings import DELIMITERS, CsvSource
from ccappliance.base.limits import MAX_SOURCE_FILE, MAX_SOURCE_ROWS
from ccappliance.base.values import MAX_TEXT

if TYPE_CHECKING:
    from _csv import Reader

MANY = 5  # wrong lines told at once
Key = tuple[str, ...]


class TableFault(SourceFault):
    """The file is no such table; `problems` has a sentence for each wrong line."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - MANY} more)" if len(problems) > MANY else ""
        super().__init__("; ".join(f"{file}:{problem}" for problem in problems[:MANY]) + more)


@dataclass(frozen=True)
class Stamp:
    """By what a file is known to be the same as before."""

    inode: int
    size: int
    changed: int  # ns


@dataclass(frozen=True)
class Table:
    """What a file held when it was read."""

    stamp: Stamp
    columns: tuple[str, ...]
    rows: Mapping[Key, tuple[str, ...]]

    def find(self, key: Key) -> Mapping[str, str] | None:
        row = self.rows.get(key)
        return None if row is None else dict(zip(self.columns, row, strict=True))


def stamp_of(file: str) -> Stamp:
    """SourceFault if it is not there."""
    try:
        status = os.stat(file)
    except OSError as error:
        raise SourceFault(f"{file}: {error.strerror}") from None
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def read_table(settings: CsvSource) -> Table:
    """Read the whole file. Waits for the disk. SourceFault; TableFault with the lines that are wrong."""
    stamp = stamp_of(settings.file)
    if stamp.size > MAX_SOURCE_FILE:
        raise SourceFault(f"{settings.file} has {stamp.size} bytes, more than {MAX_SOURCE_FILE}: put it into SQLite")
    try:
        data = Path(settings.file).read_bytes()
    except OSError as error:
        raise SourceFault(f"{settings.file}: {error.strerror}") from None
    text = _decode(data, settings)
    # A table has no line breaks inside of its fields: an open quote would swallow the rest of the file unseen.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[settings.delimiter], strict=True)
    return Table(stamp, *_Rows(settings).read(lines))


def _decode(data: bytes, settings: CsvSource) -> str:
    encodings = {"auto": ("utf-8-sig", "gb18030"), "utf-8": ("utf-8-sig",), "gb18030": ("gb18030",)}
    for encoding in encodings[settings.encoding]:
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
    raise TableFault(settings.file, [f"{line}: these characters are not {settings.encoding}"
                                     if settings.encoding != "auto" else f"{line}: neither UTF-8 nor GB18030"])


class _Rows:
    """One reading of a file."""

    def __init__(self, settings: CsvSource) -> None:
        self._settings = settings
        self._problems: list[str] = []
        self._rows: dict[Key, tuple[str, ...]] = {}
        self._lines: dict[Key, int] = {}

    def read(self, lines: "Reader") -> tuple[tuple[str, ...], Mapping[Key, tuple[str, ...]]]:
        settings = self._settings
        try:
            columns = tuple(name.strip() for name in next(lines, []))
            at = self._places(columns)
            for row in lines:
                if row and any(row):
                    self._take(row, lines.line_num, at, len(columns))
                if len(self._rows) > MAX_SOURCE_ROWS:
                    raise SourceFault(f"{settings.file} has more than {MAX_SOURCE_ROWS} rows: put it into SQLite")
        except csv.Error as error:
            self._problems.append(f"{lines.line_num}: {error}")
        if self._problems:
            raise TableFault(settings.file, self._problems)
        return columns, self._rows

    def _places(self, columns: tuple[str, ...]) -> list[int]:
        """Where the keys stand."""
        if not columns:
            raise TableFault(self._settings.file, ["1: there are no names of columns"])
        twice = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
        lacking = [name for name in self._settings.keys if name not in columns]
        if twice or lacking:
            raise TableFault(self._settings.file, [
                *(f"1: the column {name!r} stands there twice" for name in twice),
                *(f"1: there is no column {name!r}, only {', '.join(columns)}" for name in lacking)])
        return [columns.index(name) for name in self._settings.keys]

    def _take(self, row: list[str], line: int, at: list[int], width: int) -> None:
        if len(row) != width:
            self._problems.append(f"{line}: {len(row)} fields where the first line has {width}")
            return
        key = tuple(row[place].strip() for place in at)
        if key in self._rows:
            self._problems.append(f"{line}: {', '.join(key)} stands in line {self._lines[key]} already")
            return
        self._rows[key] = tuple(field.strip()[:MAX_TEXT] for field in row)
        self._lines[key] = line
