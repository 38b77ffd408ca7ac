"""The history of configurations: entries whole or not at all, bounded, and files put back with their rights."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccappliance.base.errors import Refused
from ccappliance.config.history import KEPT, ConfigHistory, HistoryEntry, restore
from ccappliance.config.load import Source, digest_of, read_directory
from ccappliance.config.tree import Findings

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def add(history: ConfigHistory, text: str, kind: str = "applied") -> HistoryEntry:
    sources = [Source("a.yaml", text.encode()), Source("flows/main.yaml", b"start: x\n")]
    return history.add(sources, at=AT, by="cli:root", comment="why 为何", kind=kind, digest=digest_of(sources),
                       changes=["a.b"])


def test_entries_are_numbered_and_keep_the_files_as_they_were(tmp_path: Path) -> None:
    history = ConfigHistory(tmp_path / "history")
    assert history.entries() == []
    assert history.in_force() is None
    first, second = add(history, "a: 1\n"), add(history, "a: 2\n")
    kept = add(history, "a: 3\n", KEPT)
    assert history.entries() == [kept, second, first]
    assert history.in_force() == second
    assert history.find(1) == first
    assert history.sources(first) == [Source("a.yaml", b"a: 1\n"), Source("flows/main.yaml", b"start: x\n")]
    assert (history.files(first).stat().st_mode & 0o077) == 0, "PINs stand in configurations"
    with pytest.raises(Refused, match="the newest: 3, 2, 1"):
        history.find(9)


def test_the_oldest_go_and_their_numbers_do_not_come_back(tmp_path: Path) -> None:
    history = ConfigHistory(tmp_path, most=2)
    for number in range(4):
        add(history, f"a: {number}\n")
    assert [entry.id for entry in history.entries()] == [4, 3]


def test_what_a_kill_left_half_written_is_no_entry(tmp_path: Path) -> None:
    history = ConfigHistory(tmp_path)
    (tmp_path / "new" / "files").mkdir(parents=True)
    (tmp_path / "new" / "files" / "old.yaml").write_text("x")
    (tmp_path / "000001").mkdir()  # its entry.json is gone
    assert history.entries() == []
    entry = add(history, "a: 1\n")
    assert entry.id == 2
    assert not (history.files(entry) / "old.yaml").exists()
    (history.files(entry) / "a.yaml").unlink()
    with pytest.raises(Refused, match=r"entry 2: .*a\.yaml"):
        history.sources(entry)


def files(directory: Path) -> list[Source]:
    findings = Findings()
    return read_directory(directory, findings)


def test_files_are_put_back_others_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 2\n")
    (tmp_path / "a.yaml").chmod(0o604)
    (tmp_path / "b.yaml").write_text("b: 1\n")
    (tmp_path / "README").write_text("mine")
    wanted = [Source("a.yaml", b"a: 1\n"), Source("flows/main.yaml", b"start: x\n")]
    assert restore(tmp_path, wanted, files(tmp_path)) == ["a.yaml", "flows/main.yaml", "b.yaml"]
    assert files(tmp_path) == wanted
    assert (tmp_path / "README").read_text() == "mine"
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o604
    assert (tmp_path / "flows").stat().st_mode & 0o055, "the daemon's user must get in"
    assert restore(tmp_path, wanted, wanted) == []


def test_if_one_file_cannot_be_written_all_are_put_back(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 2\n")
    (tmp_path / "b.yaml").write_text("b: 2\n")
    present = files(tmp_path)
    (tmp_path / "flows").write_text("a file where a folder should be")
    wanted = [Source("a.yaml", b"a: 1\n"), Source("b.yaml", b"b: 1\n"), Source("flows/main.yaml", b"start: x\n")]
    with pytest.raises(Refused, match="nothing was changed"):
        restore(tmp_path, wanted, present)
    (tmp_path / "flows").unlink()
    assert files(tmp_path) == present
    assert not list(tmp_path.glob("*.new"))


def test_a_place_that_is_taken_in_the_last_moment(tmp_path: Path) -> None:
    """Some files have taken their places already when another one cannot."""
    (tmp_path / "a.yaml").write_text("a: 2\n")
    present = files(tmp_path)
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(Refused, match="nothing was changed"):
        restore(tmp_path, [Source("a.yaml", b"a: 1\n"), Source("b.yaml", b"b: 1\n")], present)
    assert (tmp_path / "a.yaml").read_text() == "a: 2\n"
