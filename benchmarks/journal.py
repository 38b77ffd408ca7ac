"""The journal beside SQLite: one fact written durably in order, as against one row inserted and committed."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import best
from ccappliance.base.clock import SystemClock
from ccappliance.call.facts import DigitPressed
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink

FACTS = 2_000


def measure() -> Iterator[str]:
    """µs per fact and per row, and the ratio. Neither waits for the disk (fdatasync once a second; synchronous=off)."""
    with tempfile.TemporaryDirectory() as folder:
        sink = FileSink(Path(folder) / "journal")
        journal = Journal(SystemClock(), sink)
        fact = DigitPressed("1700000000.000001", "1700000000.000001-l1", "5")

        def facts() -> None:
            for _ in range(FACTS):
                journal.write(fact)

        mine = best(facts) / FACTS * 1e6
        sink.close()
        database = sqlite3.connect(Path(folder) / "peer.db", isolation_level=None)
        database.executescript("pragma journal_mode=wal; pragma synchronous=off; "
                               "create table fact (seq integer primary key, at text, kind text, call text, digit text)")

        def rows() -> None:
            for _ in range(FACTS):
                database.execute("insert into fact (at, kind, call, digit) values (?, ?, ?, ?)",
                                 ("2026-11-22T08:00:00.000Z", "DigitPressed", fact.call, fact.digit))

        peer = best(rows) / FACTS * 1e6
        database.close()
    yield f"journal: {mine:.1f} µs a fact, SQLite {peer:.1f} µs a row: ratio {mine / peer:.2f}"
