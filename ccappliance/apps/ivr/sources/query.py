"""A SQLite source: one SELECT with named parameters, on a connection that can only read."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from ccappliance.base.errors import LineFault
from ccappliance.base.limits import MAX_SQL_STEPS
from ccappliance.base.values import MAX_TEXT

STEPS = 10_000  # of SQLite's machine between two looks at whether it is enough, well below a millisecond
BUSY = 0.5  # s that SQLite waits for a writer's lock
_APART = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|`[^`]*`|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)", re.ASCII)
_OTHER = re.compile(r"\?|[@$]\w")
# All that a SELECT does. Whatever else a statement wants, SQLite asks us first and is told no.
_READS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)


class SourceFault(LineFault):
    """A source can't be asked: it is not there, or not what it should be."""


class SourceSlow(SourceFault):
    """It took too long."""


def parameters(sql: str) -> tuple[str, ...]:
    """The names after colons, in the order in which they first stand there."""
    return tuple(dict.fromkeys(_PARAMETER.findall(_APART.sub(" ", sql))))


def sql_problem(sql: str) -> str:
    """What is wrong with a statement, as far as it shows without its database; "" if nothing does."""
    bare = _APART.sub(" ", sql).strip().rstrip(";").rstrip()
    if ";" in bare:
        return "there are several statements"
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        return "this is no SELECT"
    if _OTHER.search(bare):
        return "values are written :name, not ?, @name or $name"
    return ""


class Database:
    """One statement on one database file. Opened anew for each question: a file that was replaced is seen at once."""

    def __init__(self, file: str, sql: str) -> None:
        self._uri = f"file:{quote(file)}?mode=ro"
        self._path = Path(file)
        self._sql = sql

    def find(self, given: Mapping[str, str], enough: Callable[[], bool]) -> Mapping[str, str] | None:
        """The first row, by column; None if there is none. Waits for the disk. SourceFault, SourceSlow.

        `enough` is asked every now and then; when it says True the question is given up.
        """
        try:
            with contextlib.closing(sqlite3.connect(self._uri, uri=True, timeout=BUSY)) as connection:
                return self._ask(connection, given, enough)
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code == sqlite3.SQLITE_INTERRUPT:
                raise SourceSlow(f"{self._path.name} takes too long; is an index missing?") from None
            raise SourceFault(f"{self._path}: {error}") from None

    def problem(self) -> str:
        """What SQLite says against the statement; "" if nothing, or if the file can't be read now."""
        if not self._path.is_file():
            return ""
        try:
            with contextlib.closing(sqlite3.connect(self._uri, uri=True, timeout=BUSY)) as connection:
                connection.execute(f"EXPLAIN {self._sql}", dict.fromkeys(parameters(self._sql), ""))
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _ask(self, connection: sqlite3.Connection, given: Mapping[str, str],
             enough: Callable[[], bool]) -> Mapping[str, str] | None:
        steps = 0

        def watch() -> bool:
            nonlocal steps
            steps += STEPS
            return steps > MAX_SQL_STEPS or enough()

        connection.set_authorizer(lambda what, *_: sqlite3.SQLITE_OK if what in _READS else sqlite3.SQLITE_DENY)
        connection.set_progress_handler(watch, STEPS)
        cursor = connection.execute(self._sql, given)
        row = cursor.fetchone()
        if row is None:
            return None
        return {column[0]: _text(value) for column, value in zip(cursor.description, row, strict=True)}


def _text(value: object) -> str:
    """As it is kept in a variable: 12.0 is 12, NULL and binary data are nothing."""
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float):
        return format(value, ".12g") if abs(value) < 1e12 else str(value)
    return str(value)[:MAX_TEXT]
