"""A copy of a database that others are writing to: one moment of it, whole, without stopping anybody."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from ccappliance.store.database import StoreError

_PAGES = 256  # copied between two breaths: 1 MiB of 4 KiB pages
_BUSY = 5.0  # s SQLite waits for a lock before it says so
_MAGIC = b"SQLite format 3\0"


def is_database(path: Path) -> bool:
    """Does a file begin as SQLite's do? OSError."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def snapshot(source: Path, into: Path, breathe: Callable[[int], None]) -> int:
    """Copy the database as it is now into a new file, which is checked; its schema version.

    `breathe(bytes)` is called after each piece and may take its time. A read transaction is held meanwhile: without one
    SQLite begins again whenever somebody writes, and a busy box is written to every second. StoreError.
    """
    if into.exists():
        raise StoreError(f"{into} exists already")
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY, isolation_level=None)
    writing = sqlite3.connect(into, timeout=_BUSY, isolation_level=None)
    try:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (page,) = reading.execute("PRAGMA page_size").fetchone()
        reading.backup(writing, pages=_PAGES, progress=lambda status, left, total: breathe(_PAGES * page))
        reading.execute("ROLLBACK")
        (verdict,) = writing.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StoreError(f"the copy of {source} is damaged: {verdict}")
        (journal_mode,) = writing.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, no companions
        if journal_mode != "delete":
            raise StoreError(f"the copy of {source} cannot be closed into one file")
        (version,) = writing.execute("PRAGMA user_version").fetchone()
        return int(version)
    except sqlite3.Error as error:
        raise StoreError(f"the database {source} cannot be copied: {error}") from error
    finally:
        writing.close()
        reading.close()
