"""A database whose rows are the only copy: what must be erasable, and therefore cannot stand in the journal.

`database.py` is the opposite: a view of the journal, moved aside and made anew when it is damaged. A register that is
damaged is left where it lies, for a backup to replace it; nothing here ever begins with an empty one instead.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ccappliance.base.errors import Refused
from ccappliance.store.database import StoreError, migrate

T = TypeVar("T")

CUSTOMERS = Path(__file__).parent / "customers"  # their schema
_BUSY = 0.2  # s SQLite waits for another process: a backup reads beside us, only a stray writer is in the way


class Register:
    """One file, opened when it is first asked. Waits for the disk: ask beside the loop, one question at a time."""

    def __init__(self, path: Path | None, schema: Path) -> None:
        """`path`: None is memory only (simulation). `schema`: directory of its numbered migrations."""
        self._path = path
        self._schema = schema
        self._connection: sqlite3.Connection | None = None

    def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` answers; all that it wrote is on the disk, or nothing if it raised.

        Refused("not_written"): the disk took nothing.
        """
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            found = work(connection)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise Refused("not_written", f"the register {self._path} cannot be written: {error}; nothing was "
                                         "changed; look at its disk, then ask again") from error
        finally:
            if connection.in_transaction:
                connection.rollback()
        return found

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT: ask with LIMIT."""
        return self._opened().execute(sql, params).fetchall()

    def forget(self) -> None:
        """Empty the write-ahead log, in which pages that were changed still have what was erased."""
        self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        """Refused("damaged")."""
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
            connection = sqlite3.connect(self._path or ":memory:", timeout=_BUSY, check_same_thread=False,
                                         isolation_level=None)
            connection.row_factory = sqlite3.Row
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")  # nothing could replay what a power cut took
                connection.execute("PRAGMA foreign_keys=ON")
                connection.execute("PRAGMA secure_delete=ON")  # erased means overwritten, not only unlinked
                migrate(connection, self._schema)
            except (sqlite3.Error, StoreError) as error:
                connection.close()
                raise Refused("damaged", f"the register {self._path} cannot be read: {error}; put it back from a "
                                         "backup, or move it away to begin without what it held") from error
            self._connection = connection
        return self._connection
