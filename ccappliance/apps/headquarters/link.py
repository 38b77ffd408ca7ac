"""Speaking with headquarters' PostgreSQL: who we are there, what it has, and batches, each in one transaction.

psycopg is used in a thread, not on the loop: giving up a query there opens a second connection and waits for it
(PQcancel), which a dead network makes long. Here `abort` shuts the socket down from outside, and the thread is free.
"""

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ccappliance.apps.headquarters.rows import Batch
from ccappliance.base.errors import CcError, LineFault, Refused
from ccappliance.store.identity import Identity

try:
    import psycopg
    from psycopg.conninfo import make_conninfo
except ImportError:  # an option: most boxes have no headquarters
    psycopg = None

MIGRATIONS = Path(__file__).parent / "migrations"
PERSONAL = {"call": "ended_at", "leg": "ended_at", "queue_event": "at", "agent_state": "at", "survey": "at"}
WARM = 50_000  # entries before a restored box's first new one that are heard again, for what they left open
_LOCK = 0x63634851  # "ccHQ": boxes that migrate at one time do it one after the other
_AT_ONCE = 100  # rows of one statement: to make its text holds the interpreter, a millisecond for so many
_PRUNED = 5_000  # rows deleted in one transaction
_ROLLUP = ("ON CONFLICT (branch, life, grain, subject, start, name, figure) DO UPDATE SET value = "
           "CASE WHEN left(excluded.figure, 4) = 'max_' THEN greatest(rollup.value, excluded.value) "
           "ELSE rollup.value + excluded.value END")


class BadRow(CcError):
    """PostgreSQL has no place for a row of this batch: a bug of ours."""


@dataclass(frozen=True)
class Standing:
    """What headquarters has of us."""

    applied: int
    replay_from: int
    state: str  # "" : lost with a former life
    line: str  # SHA-256 of the entry `applied`; "": not known


@dataclass(frozen=True)
class Self:
    """Who tells."""

    branch: str
    box: Identity
    site: str
    timezone: str
    program: str


class Link(Protocol):
    """A connection. Each method waits for the server and raises LineFault when it is lost; then it is closed."""

    def claim(self, me: Self) -> Standing:
        """Bring the schema up to date, take our place. Refused: it is another's, or the schema is newer than we are."""
        ...

    def deliver(self, me: Self, before: int, batch: Batch, line: str) -> None:
        """All of it or nothing. `before`: what it must have. Refused("superseded"); BadRow."""
        ...

    def prune(self, me: Self, days: int) -> int:
        """Delete some rows that are older; how many. 0: there are no more."""
        ...

    def abort(self) -> None:
        """From another thread: whoever waits is free, with LineFault."""
        ...

    def close(self) -> None: ...


def connect(url: str, timeout: float) -> Link:
    """Refused("no_psycopg"), LineFault."""
    if psycopg is None:
        raise Refused("no_psycopg", "headquarters is configured, but psycopg is not installed: apt install "
                                    "python3-psycopg, then restart the daemon")
    return PgLink(url, timeout)


class PgLink:
    """A Link by psycopg 3."""

    def __init__(self, url: str, timeout: float) -> None:
        self._timeout = timeout
        try:
            where = make_conninfo(url, connect_timeout=max(2, round(timeout / 2)), application_name="ccappliance",
                                  tcp_user_timeout=round(timeout * 1000), keepalives_idle=10, keepalives_interval=5,
                                  keepalives_count=3)
        except psycopg.ProgrammingError as error:
            raise Refused("bad_url", f"the URL of headquarters cannot be understood: {_words(error)}") from None
        with _telling():
            # No prepared statements: a pooler between may know none.
            self._connection = psycopg.connect(where, autocommit=True, prepare_threshold=None)
            self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))

    def claim(self, me: Self) -> Standing:
        with self._transaction() as cursor:
            self._migrate(cursor)
            cursor.execute("SELECT box, life, applied, replay_from, state, line FROM ccappliance.branch "
                           "WHERE branch = %s FOR UPDATE", (me.branch,))
            row = cursor.fetchone()
            if row is None:
                return self._begin(cursor, me)
            box, life, applied, replay_from, state, line = row
            if box != me.box.id:
                raise Refused("another_box", f"headquarters knows another box by the name {me.branch!r} "
                                             f"({box[:8]}…, this is {me.box.id[:8]}…): give this one another "
                                             "headquarters.branch, or restore that one's backup here if it takes its "
                                             "place")
            if life > me.box.life:
                raise Refused("replaced", f"the box {me.branch!r} was restored from a backup and goes on elsewhere "
                                          f"(life {life}, this is {me.box.life}): stop one of the two")
            if life < me.box.life:
                applied, state, line = min(applied, me.box.since), "", ""
                replay_from = max(1, min(replay_from, applied + 1 - WARM))
                cursor.execute("UPDATE ccappliance.branch SET life = %s, applied = %s, replay_from = %s, state = '', "
                               "line = '' WHERE branch = %s", (me.box.life, applied, replay_from, me.branch))
            cursor.execute("UPDATE ccappliance.branch SET site = %s, timezone = %s, program = %s WHERE branch = %s",
                           (me.site, me.timezone, me.program, me.branch))
            return Standing(applied, replay_from, state, line)

    def deliver(self, me: Self, before: int, batch: Batch, line: str) -> None:
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE ccappliance.branch SET applied = %s, replay_from = %s, state = %s, line = %s, told_at = now(), "
                "entry_at = coalesce(%s, entry_at) WHERE branch = %s AND box = %s AND life = %s AND applied = %s",
                (batch.applied, batch.replay_from, batch.state, line, batch.entry_at, me.branch, me.box.id,
                 me.box.life, before))
            if cursor.rowcount != 1:
                raise Refused("superseded", f"somebody else has told headquarters of {me.branch!r} since entry "
                                            f"{before}")
            named = {"branch": me.branch, "life": me.box.life}
            for table, rows in batch.rows.items():
                conflict = _ROLLUP if table == "rollup" else "ON CONFLICT DO NOTHING"
                for at in range(0, len(rows), _AT_ONCE):
                    cursor.execute(f"INSERT INTO ccappliance.{table} SELECT * FROM jsonb_populate_recordset("
                                   f"NULL::ccappliance.{table}, %s::jsonb) {conflict}",
                                   (json.dumps([row | named for row in rows[at:at + _AT_ONCE]]),))

    def prune(self, me: Self, days: int) -> int:
        gone = 0
        with self._transaction() as cursor:
            for table, column in PERSONAL.items():
                old = f"branch = %s AND {column} < now() - make_interval(days => %s) LIMIT %s"
                cursor.execute(f"DELETE FROM ccappliance.{table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM "
                               f"ccappliance.{table} WHERE {old}))", (me.branch, days, _PRUNED))
                gone += cursor.rowcount
        return gone

    def abort(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(psycopg.Error, OSError):
            self._connection.close()
        with suppress(OSError):
            self._socket.close()

    # ---- inside ----

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with _telling(), self._connection.transaction(), self._connection.cursor() as cursor:
            limit = round(self._timeout * 1000)
            cursor.execute(f"SET LOCAL statement_timeout = {limit}")
            cursor.execute(f"SET LOCAL lock_timeout = {limit}")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {limit}")
            yield cursor

    def _begin(self, cursor: Any, me: Self) -> Standing:
        cursor.execute("SELECT branch FROM ccappliance.branch WHERE box = %s", (me.box.id,))
        other = cursor.fetchone()
        if other is not None:
            raise Refused("renamed", f"headquarters knows this box by the name {other[0]!r}: write that as "
                                     "headquarters.branch, or rename it there first (docs/headquarters.md)")
        cursor.execute("INSERT INTO ccappliance.branch (branch, box, life, site, timezone, program, applied, "
                       "replay_from, line, state, told_at) VALUES (%s, %s, %s, %s, %s, %s, 0, 1, '', '', now())",
                       (me.branch, me.box.id, me.box.life, me.site, me.timezone, me.program))
        return Standing(0, 1, "", "")

    def _migrate(self, cursor: Any) -> None:
        cursor.execute("SELECT to_regclass('ccappliance.version')")
        if cursor.fetchone()[0] is None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute("CREATE SCHEMA IF NOT EXISTS ccappliance")
            cursor.execute("CREATE TABLE IF NOT EXISTS ccappliance.version (version integer NOT NULL)")
        files = {int(file.name[:3]): file for file in sorted(MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))}
        version = self._version(cursor)
        if version < max(files):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            version = self._version(cursor)  # another box may have done it while we waited
        if version > max(files):
            raise Refused("newer_schema", f"headquarters' tables are at version {version}, this box knows "
                                          f"{max(files)}: update this box; until then its journal keeps everything")
        for number, file in files.items():
            if number > version:
                cursor.execute(file.read_text("utf-8"))
                cursor.execute("INSERT INTO ccappliance.version VALUES (%s)", (number,))

    def _version(self, cursor: Any) -> int:
        cursor.execute("SELECT coalesce(max(version), 0) FROM ccappliance.version")
        return int(cursor.fetchone()[0])


@contextmanager
def _telling() -> Iterator[None]:
    """psycopg's errors as ours, without the password that a URL may hold."""
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        denied = isinstance(error, psycopg.errors.InsufficientPrivilege)
        words = _words(error)
        if denied:
            raise Refused("denied", f"headquarters does not let this box do what it must ({words}): see the rights in "
                                    "docs/headquarters.md") from None
        raise BadRow(words) from None
    except (psycopg.Error, OSError) as error:
        raise LineFault(_words(error)) from None


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"(password=|://[^:@/ ]*:)[^@ ]*", r"\1***", text)[:300]
