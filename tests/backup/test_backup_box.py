"""A box put into one file while it is written to, and restored elsewhere: the same tables as its journal makes."""

import json
import os
import random
import shutil
import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "recording"))
from simulated_disk import SimulatedDisk

from ccappliance.apps.backup import archive
from ccappliance.apps.backup.archive import ArchiveError
from ccappliance.apps.backup.box import STAGING, Places
from ccappliance.apps.backup.making import Asked, Made, make, words
from ccappliance.apps.backup.restoring import Into, check, restore
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Journal
from ccappliance.call.journal_file import FileSink, read_journal
from ccappliance.call.rollup_store import RollupStore
from ccappliance.call.survey_store import SurveyStore
from ccappliance.interfaces.cli.replay import compared, replay
from ccappliance.service.disk import RealDisk
from ccappliance.store import identity
from ccappliance.store.database import Store

ASKED = Asked("1.0", "2026-11-22T03:30:00+00:00", "店", "elsewhere")
WORD = "correct horse battery"


class Ticking:
    """A clock that goes on by a second with each look."""

    def __init__(self) -> None:
        self.ticks = 0.0

    def wall(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.now())

    def now(self) -> float:
        self.ticks += 0.5
        return self.ticks


class Shop:
    """A box's state, written to by a real journal and its readers."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "etc", folder / "state", folder / "state" / "recordings", (folder / "own",))
        (folder / "etc" / "flows").mkdir(parents=True)
        (folder / "etc" / "ccappliance.yaml").write_text("system: {name: shop}\n")
        (folder / "etc" / "flows" / "main.yaml").write_text("start: x\n")
        (folder / "own" / "zh").mkdir(parents=True)
        (folder / "own" / "zh" / "welcome.wav").write_bytes(b"own prompt")
        state = self.places.state
        self.sink = FileSink(state / "journal")
        self.store = Store(state / "ccappliance.db", threaded=False)
        self.cdrs, self.surveys = CdrStore(self.store), SurveyStore(self.store)
        self.rollups = RollupStore(self.store, UTC, self.cdrs)
        self.journal = Journal(Ticking(), self.sink)
        self.rollups.catch_up([])
        for reader in (self.cdrs.hear, self.rollups.hear, self.surveys.hear):
            self.journal.follow(reader)
        self.journal.write(facts.DaemonStarted("1.0", "shop", "UTC"))
        identity.identity(state, random.Random(1).randbytes)
        self.put("voicemail/1001/a.wav", b"message")
        self.put("cache/abc.wav", b"rendered")
        self.put("config-history/000001/entry.json", b"{}")
        self.put("recordings/2026/11/22/a.wav", b"sound" * 1000)
        self.put("recordings/segments/1.seg", b"\0" * 5000)
        self.put("recordings/chain.log", b"chain\n")
        self.put("recordings/keys/box.key", b"secret 1")
        self.put("tls/server.pem", b"secret 2")
        (folder / "etc" / "web.key").write_bytes(b"secret 3")
        self.put("journal/journal.lock", b"1\n")
        self.count = 0

    def put(self, name: str, data: bytes) -> None:
        path = self.places.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def call(self) -> None:
        self.count += 1
        call = f"1.{self.count:06d}"
        write = self.journal.write
        write(facts.CallOffered(call, "fxo/1", "in", "5551234", "13800138000", "王芳"))
        write(facts.CallAnswered(call))
        write(facts.QueueEntered(call, "sales", 1, 0.0, 0, 0.0))
        write(facts.QueueLeft(call, "sales", "answered", 2.0, 1, "1001"))
        write(facts.SurveyAnswered(call, "main", "how", "5", "sales", "1001"))
        write(facts.CallEnded(call, 16, "caller"))

    def close(self) -> None:
        self.rollups.write()
        self.sink.close()
        self.store.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "box")
    for _ in range(20):
        shop.call()
    return shop


def backup(shop: Shop, path: Path, recordings: bool = False, passphrase: str = "") -> Made:
    return make(path, shop.places, _asked(recordings, passphrase), RealDisk(), os.urandom)


def _asked(recordings: bool = False, passphrase: str = "") -> Asked:
    return Asked(ASKED.made_by, ASKED.at, ASKED.box, ASKED.host, recordings, passphrase)


def into(folder: Path) -> Into:
    return Into(folder / "config", folder / "state", folder / "outside")


def same_tables(state: Path, entry: int, scratch: Path) -> None:
    """The database of a restored state, caught up, is what its journal makes; and the journal ends where it says."""
    entries = list(read_journal(state / "journal"))
    assert [one.seq for one in entries] == list(range(1, entry + 1))
    store = Store(state / "ccappliance.db", threaded=False)
    cdrs = CdrStore(store)
    rollups, surveys = RollupStore(store, UTC, cdrs), SurveyStore(store)
    cdrs.catch_up(read_journal(state / "journal", cdrs.replay_from))
    rollups.catch_up(read_journal(state / "journal", rollups.replay_from))
    surveys.catch_up(read_journal(state / "journal", surveys.replay_from))
    store.close()
    replay(lambda: read_journal(state / "journal"), scratch)
    found = [one for one in compared(scratch, state / "ccappliance.db") if not one["table"].startswith("call_")]
    assert found == []


@pytest.mark.slow
def test_a_box_comes_back_whole(shop: Shop, tmp_path: Path) -> None:
    made = backup(shop, tmp_path / "b.tar.gz", recordings=True, passphrase=WORD)
    assert made.manifest.entry == shop.journal.seq
    assert (made.manifest.keys, words(made.manifest)) == ("sealed", [])
    assert not (shop.places.state / STAGING).exists()
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.glob("b.tar.gz"))
    done = restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"), passphrase=WORD)
    new, old = tmp_path / "new" / "state", shop.places.state
    assert (tmp_path / "new" / "config" / "web.key").read_bytes() == b"secret 3"
    for name in ("voicemail/1001/a.wav", "cache/abc.wav", "recordings/2026/11/22/a.wav", "recordings/segments/1.seg",
                 "recordings/chain.log", "recordings/keys/box.key", "tls/server.pem",
                 "config-history/000001/entry.json"):
        assert (new / name).read_bytes() == (old / name).read_bytes(), name
    assert (new / "tls" / "server.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / "config" / "flows" / "main.yaml").read_text() == "start: x\n"
    assert next((tmp_path / "new" / "outside").rglob("welcome.wav")).read_bytes() == b"own prompt"
    assert not (new / "journal" / "journal.lock").exists()
    same_tables(new, made.manifest.entry, tmp_path / "scratch.db")
    was, now = (identity.parse((state / identity.FILE).read_text(), "") for state in (old, new))
    assert (now.id, now.life, now.since) == (was.id, 2, made.manifest.entry)
    assert any("stop the old box" in line.lower() for line in done.todo)
    shop.close()


@pytest.mark.slow
def test_without_a_passphrase_keys_are_left_out_loudly(shop: Shop, tmp_path: Path) -> None:
    made = backup(shop, tmp_path / "b.tar.gz")
    assert made.manifest.keys == "left out"
    assert "KEYS ARE NOT IN THIS BACKUP" in words(made.manifest)[0]
    restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"))
    new = tmp_path / "new" / "state"
    assert not (new / "tls").exists()
    assert not (tmp_path / "new" / "config" / "web.key").exists()
    assert not (new / "recordings" / "2026").exists()
    assert (new / "recordings" / "chain.log").exists()  # which is no secret, and small
    shop.close()


@pytest.mark.slow
def test_the_passphrase_must_be_long_and_right(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="at least"):
        backup(shop, tmp_path / "b.tar.gz", passphrase="short")
    backup(shop, tmp_path / "b.tar.gz", passphrase=WORD)
    for passphrase, code in (("another passphrase", "wrong_passphrase"), ("", "no_passphrase")):
        with pytest.raises(Refused) as refused:
            restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"), passphrase=passphrase)
        assert refused.value.code == code
        assert not (tmp_path / "new").exists()
    shop.close()


@pytest.mark.slow
def test_under_load_it_is_one_moment(shop: Shop, tmp_path: Path, chance: random.Random) -> None:
    """Calls end, files come and go, while it is made: at each breath. What is restored is the journal up to `entry`."""
    beat = 0

    def breathe(done: int) -> None:
        nonlocal beat
        beat += 1
        if beat < 60:
            shop.call()
            shop.put(f"voicemail/1001/{beat}.wav", b"x" * beat)
            gone = shop.places.state / "voicemail" / "1001" / f"{chance.randrange(1, beat + 1)}.wav"
            gone.unlink(missing_ok=True)

    made = make(tmp_path / "b.tar.gz", shop.places, _asked(recordings=True), RealDisk(), os.urandom, breathe)
    assert shop.journal.seq > made.manifest.entry
    restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"))
    same_tables(tmp_path / "new" / "state", made.manifest.entry, tmp_path / "scratch.db")
    shop.close()


@pytest.mark.slow
def test_beside_a_thread_that_writes_without_end(shop: Shop, tmp_path: Path) -> None:
    shop.store.close()
    writer = sqlite3.connect(shop.places.state / "ccappliance.db", check_same_thread=False, isolation_level=None)
    enough = threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            writer.execute("INSERT OR REPLACE INTO agi_database VALUES ('a', ?, ?)", (str(number % 997), "x" * 500))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            backup(shop, tmp_path / f"{number}.tar.gz")
            check(RealDisk(), tmp_path / f"{number}.tar.gz")
    finally:
        enough.set()
        thread.join()
        writer.close()


@pytest.mark.slow
def test_a_restore_refuses_what_it_would_spoil(shop: Shop, tmp_path: Path) -> None:
    backup(shop, tmp_path / "b.tar.gz")
    here = Into(shop.places.config, shop.places.state, tmp_path / "outside")
    with pytest.raises(Refused) as refused:
        restore(RealDisk(), tmp_path / "b.tar.gz", here)
    assert refused.value.code == "not_empty"
    with pytest.raises(Refused) as refused:  # its journal is being written
        restore(RealDisk(), tmp_path / "b.tar.gz", here, force=True)
    assert refused.value.code == "already_running"
    entry = shop.journal.seq
    shop.close()
    done = restore(RealDisk(), tmp_path / "b.tar.gz", here, force=True)
    assert [path.name for path in done.kept] == ["etc.before-restore-1", "state.before-restore-1"]
    assert (done.kept[1] / "tls" / "server.pem").read_bytes() == b"secret 2"
    assert len(list(read_journal(shop.places.state / "journal"))) == entry


def test_a_damaged_file_touches_nothing(shop: Shop, tmp_path: Path, chance: random.Random) -> None:
    shop.close()
    backup(shop, tmp_path / "b.tar.gz")
    whole = bytearray((tmp_path / "b.tar.gz").read_bytes())
    whole[chance.randrange(len(whole))] ^= 4
    (tmp_path / "b.tar.gz").write_bytes(whole)
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "box").rglob("*"))
    with pytest.raises(ArchiveError):
        restore(RealDisk(), tmp_path / "b.tar.gz",
                Into(shop.places.config, shop.places.state, tmp_path / "outside"), force=True)
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "box").rglob("*")) == before


@pytest.mark.slow
def test_a_restore_that_is_cut_short_is_done_again(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each renaming of it the process ends; the same command then ends as if nothing had happened."""
    shop.close()
    backup(shop, tmp_path / "b.tar.gz")
    real = Path.rename
    for most in range(5):
        box = tmp_path / f"copy{most}"
        shutil.copytree(tmp_path / "box", box)
        here = Into(box / "etc", box / "state", box / "outside")
        left = [most]

        def rename(self: Path, target: Path, left: list[int] = left) -> Path:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return real(self, target)

        monkeypatch.setattr(Path, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            restore(RealDisk(), tmp_path / "b.tar.gz", here, force=True)
        monkeypatch.setattr(Path, "rename", real)
        restore(RealDisk(), tmp_path / "b.tar.gz", here, force=True)
        assert (box / "etc" / "flows" / "main.yaml").exists()
        assert (box / "state" / "ccappliance.db").exists()
        assert (box / "state.before-restore-1" / "tls" / "server.pem").exists()


@pytest.mark.slow
def test_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "box")
    shop.call()
    shop.close()
    path = shop.places.state / "ccappliance.db"
    path.unlink()
    with sqlite3.connect(path) as database:
        script = Path(archive.__file__).parents[2] / "store" / "migrations" / "001_cdr.sql"
        database.executescript(script.read_text() + "PRAGMA user_version = 1;")
    database.close()
    made = backup(shop, tmp_path / "b.tar.gz")
    assert made.manifest.schema == 1
    done = restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"))
    assert done.schema >= 10
    same_tables(tmp_path / "new" / "state", made.manifest.entry, tmp_path / "scratch.db")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "box")
    shop.close()
    with sqlite3.connect(shop.places.state / "ccappliance.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    backup(shop, tmp_path / "b.tar.gz")
    with pytest.raises(Exception, match="written by a newer one"):
        restore(RealDisk(), tmp_path / "b.tar.gz", into(tmp_path / "new"))
    assert not (tmp_path / "new" / "state").exists()


@pytest.mark.slow
def test_the_power_may_fail_at_any_moment(shop: Shop, tmp_path: Path, chance: random.Random, seed: int) -> None:
    """After every operation of the disk: the old backup is there whole, or the new one is."""
    target = Path("/backups/b.tar.gz")
    first = SimulatedDisk()
    make(target, shop.places, _asked(), first, os.urandom)
    shop.call()
    entries = (shop.journal.seq - 6, shop.journal.seq)
    operations = first.operations
    cuts = 0
    for at in range(1, operations + 3):
        disk = first.cut(chance, kept=1.0)
        survivors: list[SimulatedDisk] = []

        def look(name: str, disk: SimulatedDisk = disk, at: int = at, survivors: list[SimulatedDisk] = survivors
                 ) -> None:
            if disk.operations == at:
                survivors += [disk.cut(chance) for _ in range(4)]

        disk.on_operation = look
        make(target, shop.places, _asked(), disk, os.urandom)
        for after in survivors:
            cuts += 1
            assert check(after, target).entry in entries, f"operation {at}, seed {seed}"
        assert check(disk, target).entry == entries[1]
    assert cuts >= 4 * operations
    shop.close()


def test_a_full_or_lying_disk_costs_only_the_new_one(shop: Shop, tmp_path: Path) -> None:
    disk = SimulatedDisk()
    target = Path("/backups/b.tar.gz")
    make(target, shop.places, _asked(), disk, os.urandom)
    before = bytes(disk.files[target].cache)
    for operation in ("create", "write", "sync", "rename", "sync_directory"):
        disk.fault = lambda name, path, operation=operation: 28 if name == operation else 0  # ENOSPC
        if operation == "sync_directory":
            continue  # the new one is there then, only not yet for ever
        with pytest.raises(OSError, match="No space"):
            make(target, shop.places, _asked(), disk, os.urandom)
        assert bytes(disk.files[target].cache) == before
    disk.fault = lambda name, path: 0
    disk.on_operation = lambda name: disk.spoil(next(p for p in disk.files if p.suffix == ".part"), 100, b"!!") \
        if name == "sync" else None
    with pytest.raises(ArchiveError, match="use another disk"):
        make(target, shop.places, _asked(), disk, os.urandom)
    assert bytes(disk.files[target].cache) == before
    shop.close()


def test_a_journal_that_is_behind_the_database_makes_no_backup(shop: Shop, tmp_path: Path) -> None:
    shop.store.put("INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES ('cdr', 10000, 1)")
    with pytest.raises(ArchiveError, match="takes nothing"):
        backup(shop, tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()
    shop.close()


def test_a_box_without_a_name_is_given_one_and_keeps_it(tmp_path: Path) -> None:
    one = identity.identity(tmp_path, random.Random(1).randbytes)
    assert identity.identity(tmp_path, random.Random(2).randbytes) == one
    (tmp_path / identity.FILE).write_text(json.dumps({"id": "x"}))
    with pytest.raises(Exception, match="which box"):
        identity.identity(tmp_path, random.Random(2).randbytes)
