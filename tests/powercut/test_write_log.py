"""The log of writes and the cut disks made of it, on a log made by hand."""

import random
from pathlib import Path

import pytest
from write_log import ENTRY, FLUSH, FUA, MAGIC, MARK, SECTOR, SUPER, Epoch, LogError, WriteLog


def make(path: Path, *entries: tuple[int, bytes, int]) -> WriteLog:
    """Entries are (sector, data, flags)."""
    parts = [SUPER.pack(MAGIC, 1, len(entries), SECTOR).ljust(SECTOR, b"\0")]
    for sector, data, flags in entries:
        if flags & MARK:
            parts.append((ENTRY.pack(0, 0, flags, len(data)) + data).ljust(SECTOR, b"\0"))
        else:
            parts += [ENTRY.pack(sector, len(data) // SECTOR, flags, 0).ljust(SECTOR, b"\0"), data]
    path.write_bytes(b"".join(parts))
    return WriteLog(path)


def sectors(*letters: str) -> bytes:
    return b"".join(letter.encode() * SECTOR for letter in letters)


def image_of(folder: Path) -> Path:
    image = folder / "image"
    image.write_bytes(bytes(8 * SECTOR))
    return image


def test_epochs_lie_between_flushes_and_know_the_last_mark(tmp_path: Path) -> None:
    log = make(tmp_path / "log", (0, sectors("a"), 0), (0, b"0", MARK), (0, b"", FLUSH), (1, sectors("b"), 0),
               (0, b"1", MARK), (0, b"dm-log-writes-end", MARK), (2, sectors("c"), FLUSH | FUA))
    assert log.epochs() == [Epoch(0, 2, 0), Epoch(2, 6, 1)]
    log.close()


def test_what_was_flushed_is_there_and_of_the_rest_any_part(tmp_path: Path) -> None:
    log = make(tmp_path / "log", (0, sectors("a", "b"), 0), (0, b"", FLUSH), (1, sectors("c", "d", "e", "f"), 0),
               (6, sectors("u"), FUA), (0, b"", FLUSH))
    image = image_of(tmp_path)
    first, second = log.epochs()
    log.durable(image, 0, second.first)
    before = image.read_bytes()
    assert before == sectors("a", "b") + bytes(6 * SECTOR)
    seen = set()
    for seed in range(40):
        image.write_bytes(before)
        lost = log.cut(image, second, random.Random(seed), 0.5)
        found = image.read_bytes()
        assert found[:SECTOR] == sectors("a")
        assert found[6 * SECTOR:7 * SECTOR] == sectors("u")
        kept = [found[at * SECTOR:(at + 1) * SECTOR] == sectors(letter) for at, letter in enumerate("cdef", 1)]
        assert lost == kept.count(False)
        seen.add(tuple(kept))
    assert len(seen) > 8
    for share, count in ((0.0, 4), (1.0, 0)):
        image.write_bytes(before)
        assert log.cut(image, second, random.Random(1), share) == count
    assert first.end == 1
    log.close()


def test_a_log_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "log", (0, sectors("a", "b"), 0)).close()
    whole = (tmp_path / "log").read_bytes()
    for length, words in ((SECTOR, "ends before its entry 0"), (3 * SECTOR, "ends within its entry 0")):
        (tmp_path / "short").write_bytes(whole[:length])
        with pytest.raises(LogError, match=words):
            WriteLog(tmp_path / "short")
    (tmp_path / "short").write_bytes(bytes(SECTOR))
    with pytest.raises(LogError, match="no log of writes"):
        WriteLog(tmp_path / "short")
