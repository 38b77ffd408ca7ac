"""The store: batches, migrations, a locked, a corrupt and a newer database, kill -9."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ccappliance.store.database import Store, StoreError, migrate

PUT = "INSERT OR REPLACE INTO reader VALUES (?, ?, 0)"


def rows(store: Store) -> list[tuple[str, int]]:
    return [(row["name"], row["applied"]) for row in store.query("SELECT * FROM reader ORDER BY applied")]


def test_a_flush_of_a_locked_database_does_not_wait_for_ever(tmp_path: Path) -> None:
    async def main() -> tuple[bool, bool]:
        store = Store(tmp_path / "a.db")
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("begin exclusive")
        store.put("INSERT INTO reader (name, applied, replay_from) VALUES ('x', 1, 1)")
        while_locked = await store.flush(0.05)
        other.execute("rollback")
        other.close()
        afterwards = await store.flush()
        store.close()
        return while_locked, afterwards
    assert asyncio.run(main()) == (False, True)


def test_put_flush_query(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(tmp_path / "below" / "cc.db")
        for number in range(1200):  # more than one batch
            store.put(PUT, (f"r{number:04d}", number))
        await store.flush()
        assert rows(store) == [(f"r{number:04d}", number) for number in range(1200)]
        store.close()
        store.close()

    asyncio.run(main())
    again = Store(tmp_path / "below" / "cc.db", threaded=False)
    assert len(rows(again)) == 1200
    again.close()


def test_close_writes_what_is_spooled(tmp_path: Path) -> None:
    store = Store(tmp_path / "cc.db")
    store.put(PUT, ("a", 1))
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.put(PUT, ("b", 1))
    assert rows(Store(tmp_path / "cc.db", threaded=False)) == [("a", 1)]


@pytest.mark.parametrize("threaded", [True, False])
def test_a_group_is_stored_whole_or_not(tmp_path: Path, threaded: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        store = Store(tmp_path / "cc.db", threaded=threaded)
        bad = [(PUT, ("bad", 1)), ("INSERT INTO nowhere VALUES (1)", ())]
        store.put(PUT, ("before", 1))
        if threaded:
            store.put_all(bad)
            store.put(PUT, ("too large", 2**70))
            store.put(PUT, ("undecodable \udcff", 2))
        else:
            with pytest.raises(sqlite3.OperationalError):
                store.put_all(bad)
        store.put(PUT, ("after", 2))
        await store.flush()
        assert rows(store) == [("before", 1), ("after", 2)]
        assert store.refused == (3 if threaded else 0)
        assert store.trouble == ""
        store.close()

    asyncio.run(main())
    assert len([record for record in caplog.records if "refused" in record.message]) == (3 if threaded else 0)


def test_a_query_cannot_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "cc.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.query(PUT, ("x", 1))
    store.close()


def test_a_memory_database_has_no_thread() -> None:
    with pytest.raises(ValueError, match=":memory:"):
        Store(":memory:")
    store = Store(":memory:", threaded=False)
    store.put(PUT, ("a", 1))
    assert rows(store) == [("a", 1)]
    asyncio.run(store.flush())
    store.close()


@pytest.mark.slow
def test_a_locked_database_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F34: another process holds the lock; rows are spooled, an alarm is told once and taken back once."""
    monkeypatch.setattr("ccappliance.store.database._BUSY", 0.01)
    monkeypatch.setattr("ccappliance.store.database._RETRY", 0.02)

    async def main() -> None:
        told: list[str] = []
        heard = asyncio.Event()

        def tell(words: str) -> None:
            told.append(words)
            heard.set()

        store = Store(tmp_path / "cc.db", on_trouble=tell)
        other = sqlite3.connect(tmp_path / "cc.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for number in range(10):
            store.put(PUT, (f"r{number}", number))
        await heard.wait()
        assert "locked" in told[0]
        assert rows(store) == []  # and a reader never waits for it
        other.execute("COMMIT")
        await store.flush()
        await asyncio.sleep(0)
        assert [name for name, _ in rows(store)] == [f"r{n}" for n in range(10)]
        assert [bool(words) for words in told] == [True, False]
        other.close()
        store.close()

    asyncio.run(main())


@pytest.mark.slow
def test_beyond_the_spool_the_beginning_stays_without_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccappliance.store.database._BUSY", 0.01)
    monkeypatch.setattr("ccappliance.store.database._RETRY", 0.02)

    async def main() -> None:
        stuck = asyncio.Event()
        store = Store(tmp_path / "cc.db", spool=20, on_trouble=lambda words: stuck.set())
        other = sqlite3.connect(tmp_path / "cc.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.put(PUT, ("r0", 0))
        await stuck.wait()
        for number in range(1, 50):
            store.put(PUT, (f"r{number}", number))
        assert store.dropped > 0
        other.execute("COMMIT")
        await store.flush()
        store.put(PUT, ("late", 99))  # a gap would follow: dropped as well
        await store.flush()
        kept = [number for _, number in rows(store)]
        assert kept == list(range(len(kept)))
        assert len(kept) + store.dropped == 51
        other.close()
        store.close()

    asyncio.run(main())


def test_closing_gives_up_on_a_database_that_stays_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccappliance.store.database._BUSY", 0.01)
    store = Store(tmp_path / "cc.db")
    other = sqlite3.connect(tmp_path / "cc.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.put(PUT, ("a", 1))
    store.close(patience=0.05)
    assert "locked" in store.trouble
    other.close()


@pytest.mark.parametrize("damage", ["header", "page", "text"])
def test_a_corrupt_database_is_moved_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "cc.db"
    store = Store(path, threaded=False)
    for number in range(2000):
        store.put(PUT, (f"reader {number}", number))
    store.close()
    data = bytearray(path.read_bytes())
    if damage == "text":
        data = bytearray(b"this is no database at all, but long enough to be read as one" * 100)
    else:
        begin = 0 if damage == "header" else len(data) // 2
        data[begin:begin + 3000] = os.urandom(3000)
    path.write_bytes(data)
    again = Store(path, threaded=False)
    assert again.set_aside == tmp_path / "cc.db.corrupt-1"
    assert again.set_aside.read_bytes() == data
    assert rows(again) == []
    again.put(PUT, ("fresh", 1))
    again.close()
    assert Store(path, threaded=False).set_aside is None


def test_a_folder_in_place_of_the_file_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cc.db"
    Store(path, threaded=False).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer"):
        Store(path)
    assert [p.name for p in tmp_path.glob("*.corrupt*")] == []


def test_migrations_run_once_in_order_and_whole(tmp_path: Path) -> None:
    (tmp_path / "001_one.sql").write_text("CREATE TABLE one (a);")
    connection = sqlite3.connect(":memory:")
    assert migrate(connection, tmp_path) == 1
    (tmp_path / "002_two.sql").write_text("CREATE TABLE two (a); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path)
    assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["one"]
    (tmp_path / "002_two.sql").write_text("CREATE TABLE two (a);\nINSERT INTO one VALUES (7);")
    assert migrate(connection, tmp_path) == migrate(connection, tmp_path) == 2
    assert connection.execute("SELECT a FROM one").fetchall() == [(7,)]


_WRITER = """
import asyncio, sys
from ccappliance.store.database import Store
async def main():
    store = Store(sys.argv[1])
    number = 0
    while True:
        for _ in range(20):
            number += 1
            store.put_all([("INSERT INTO recording (seq, recording, call, path, ended_at, seconds, lost, state) VALUES "
                            "(?, 'r', 'c', 'p', '', 0, 0, 'complete')", (number,)),
                           ("INSERT OR REPLACE INTO reader VALUES ('cdr', ?, 0)", (number,))])
        await store.flush()
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.slow
def test_kill_9_keeps_row_and_mark_together(tmp_path: Path) -> None:
    path = tmp_path / "cc.db"
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(20)][-1]
        writer.kill()
    store = Store(path, threaded=False)
    assert store.set_aside is None
    (row,) = store.query("SELECT count(*) AS n, max(seq) AS last, (SELECT applied FROM reader) AS mark FROM recording")
    assert row["n"] == row["last"] == row["mark"] >= told
    store.close()
