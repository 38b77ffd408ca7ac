"""The database: SQLite in WAL mode with one writer thread, batches, numbered migrations and a repair of last resort.

Floor 1: it knows no facts. What is stored here is a reader's view of the journal; how far it reaches is stored in the
same transaction as the rows (`call/cdr_store.py`), so that a start replays exactly what is missing.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ccappliance.base.errors import CcError
from ccappliance.base.limits import MAX_STORE_SPOOL

Statement = tuple[str, Sequence[Any]]
Trouble = Callable[[str], None]  # words for a person; "": it is over

_BATCH = 500  # groups in one transaction: bounds what a crash replays and how long a reader's snapshot lags
_RETRY = 1.0  # s between attempts on a locked or full database
_BUSY = 2.0  # s SQLite itself waits for another process's lock before it says so
_MIGRATIONS = Path(__file__).parent / "migrations"
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# What time or a person may heal; any other error would come again with the same statement for ever.
_HEALS = (*_CORRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
          sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM)

_SQL_OF, _PARAMS_OF = itemgetter(0), itemgetter(1)


class StoreError(CcError):
    """The database cannot be used; the sentence says why and what to do."""


class _Flush:
    """A mark in the spool: set when everything put before it is committed."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.done = done


class _Close:
    """The last mark in the spool."""


class Store:
    """One database file. `put` never waits and never fails; `query` reads what is committed.

    threaded=False writes at once in the caller's thread (simulation, tools); only then may path be ":memory:".
    `set_aside` tells where a corrupt file was moved at opening; None: there was none. Everything has then to be put
    anew from the journal.
    """

    def __init__(self, path: Path | str, *, threaded: bool = True, on_trouble: Trouble | None = None,
                 spool: int = MAX_STORE_SPOOL) -> None:
        """StoreError if the file is newer than this program or cannot be opened.

        `on_trouble` is called in the loop (threaded: of the thread that constructs the store) when writing fails for
        the first time, and with "" when it works again.
        """
        self.path = str(path)
        self.set_aside: Path | None = None
        self.trouble = ""
        self.refused = 0  # groups that no database would take: bugs
        self.dropped = 0  # groups beyond the spool: they are in the journal, the next start will store them
        self._on_trouble = on_trouble
        self._log = logging.getLogger("ccappliance.store")
        self._threaded = threaded
        self._most = spool
        self._closed = False
        if threaded and self.path == ":memory:":
            raise ValueError("a threaded store needs a file: another connection cannot see :memory:")
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._open()
        self._reader = self._connect(read_only=True) if threaded else self._writer
        self._spool: queue.SimpleQueue[Sequence[Statement] | _Flush | _Close] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._give_up = threading.Event()
        if threaded:
            with contextlib.suppress(RuntimeError):  # no loop: a tool; it looks at `trouble` itself
                self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()

    # ---- for everybody ----

    def put(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Write one statement soon, in the order put."""
        self.put_all([(sql, params)])

    def put_all(self, statements: Sequence[Statement]) -> None:
        """Write these soon, in one transaction, all or none; in the order put.

        When the spool is full, this and all later ones are dropped (and counted): what is stored remains the journal's
        beginning without a gap, and the next start replays the rest.
        """
        if self._closed:
            raise StoreError(f"the database {self.path} is closed")
        if not self._threaded:
            with self._writer:
                _execute(self._writer, statements)
        elif self.dropped or self._spool.qsize() >= self._most:
            self.dropped += 1
        else:
            self._spool.put(statements)

    async def flush(self, patience: float = 5.0) -> bool:
        """Return when everything put so far is committed; False if it is not after `patience` seconds (a full disk)."""
        if self._thread is None or self._closed:
            return True
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_settle, done)

        self._spool.put(_Flush(tell))
        try:
            async with asyncio.timeout(patience):
                await done
        except TimeoutError:
            return False
        return True

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT over what is committed, in the caller's thread: ask short questions, with LIMIT.

        Readers never wait for the writer nor the writer for them (WAL).
        """
        return self._reader.execute(sql, params).fetchall()

    def close(self, patience: float = 5.0) -> None:
        """Write what is spooled, at most `patience` seconds; what is not written then is in the journal."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._spool.put(_Close())
            self._thread.join(patience)
            self._give_up.set()
            self._thread.join(_BUSY + _RETRY)
            if self._thread.is_alive():
                return  # it hangs in the disk; closing the connection under it would crash
            self._reader.close()
        self._writer.close()

    # ---- opening ----

    def _connect(self, read_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        if read_only:
            connection.execute("PRAGMA query_only=1")
        return connection

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepare()
        except sqlite3.DatabaseError as error:
            if _code(error) not in _CORRUPT:
                raise StoreError(f"the database {self.path} cannot be opened: {error}; "
                                 "check its owner and the space on its disk") from error
        self.set_aside = _move_aside(Path(self.path))
        return self._prepare()

    def _prepare(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # NORMAL: a power cut may take the last transactions, never the file; the journal replays them.
            connection.execute("PRAGMA synchronous=NORMAL")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                error = sqlite3.DatabaseError(str(verdict))
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error
            migrate(connection, _MIGRATIONS)
        except (sqlite3.Error, StoreError, OSError):
            connection.close()
            raise
        return connection

    # ---- the writer thread ----

    def _run(self) -> None:
        last = False
        while not last:
            batch = [self._spool.get()]
            while len(batch) < _BATCH and not self._spool.empty():
                batch.append(self._spool.get())
            last = any(isinstance(item, _Close) for item in batch)
            groups = [item for item in batch if not isinstance(item, _Flush | _Close)]
            if not self._persist(groups):
                return
            for item in batch:
                if isinstance(item, _Flush):
                    item.done()

    def _persist(self, groups: list[Sequence[Statement]]) -> bool:
        """Commit these groups, however long it takes; False: told to give up."""
        while groups:
            try:
                self._commit(groups)
                break
            except (sqlite3.Error, ValueError, OverflowError) as error:  # a value SQLite has no place for
                if _code(error) not in _HEALS:
                    return self._persist_singly(groups, error)
                self._say(f"the database {self.path} cannot be written ({error}); nothing is lost: "
                          "the journal keeps it until it can")
            if self._give_up.wait(_RETRY):
                return False
        self._say("")
        return True

    def _persist_singly(self, groups: list[Sequence[Statement]], error: Exception) -> bool:
        """One of these groups is a bug of ours: find it, log it, store the others."""
        if len(groups) == 1:
            self.refused += 1
            self._log.error("database refused a statement", extra={"fields": {
                "error": str(error), "statements": [sql for sql, _ in groups[0]]}})
            return True
        return all(self._persist([group]) for group in groups)

    def _commit(self, groups: list[Sequence[Statement]]) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for statements in groups:
                _execute(self._writer, statements)
            self._writer.execute("COMMIT")
        finally:
            if self._writer.in_transaction:
                self._writer.rollback()

    def _say(self, words: str) -> None:
        before, self.trouble = self.trouble, words
        if bool(before) != bool(words) and self._on_trouble is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._on_trouble, words)


def _execute(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """In their order; many of one kind that follow each other cost SQLite one look at their text."""
    for sql, alike in groupby(statements, _SQL_OF):
        connection.executemany(sql, map(_PARAMS_OF, alike))


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 if it was not SQLite who refused."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _settle(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)


def migrate(connection: sqlite3.Connection, directory: Path) -> int:
    """Bring the schema up to date by the files `NNN_name.sql`, each in one transaction; the version it is at now.

    StoreError if the database was written by a newer version of this program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    files = sorted(directory.glob("[0-9][0-9][0-9]_*.sql"))
    newest = int(files[-1].name[:3])
    if version > newest:
        raise StoreError(f"the database is at version {version}, this program knows {newest}: "
                         "it was written by a newer one; install that, or move the database away to rebuild it")
    for file in files:
        number = int(file.name[:3])
        if number > version:
            script = file.read_text(encoding="utf-8")
            try:
                connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.rollback()
                raise
    return newest


def _move_aside(path: Path) -> Path:
    """Rename a corrupt database and its companions out of the way: `name.corrupt-1`, `-2`, …"""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(path.with_name(f"{aside.name}{suffix}"))
    return aside
