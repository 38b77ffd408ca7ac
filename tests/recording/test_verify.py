"""Verification: any bit of an archive changed, and anything taken away, put in or exchanged, is found and named."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from simulated_disk import SimulatedDisk
from tape_world import AT, KEYS, LEDGER, ROOT, SEGMENTS, Office

from ccappliance.apps.recording import ledger
from ccappliance.apps.recording.chain import LINK
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.segment import CHAIN, scan
from ccappliance.apps.recording.verify import Finding, Verified, Verifier


def archive(chance: random.Random) -> tuple[SimulatedDisk, Office]:
    """A day that was ended in order: some recordings were purged, at least four have files."""
    disk = SimulatedDisk()
    office = Office(disk, chance, sealed=True)
    while sum(fate.filed and not fate.gone for fate in office.fates) < 4 or not any(fate.gone for fate in office.fates):
        office.round()
    assert office.seal is not None
    for fate in office.fates:
        if not fate.over:
            office.log.end(fate.number, len(fate.produced) // 4, 0, "complete")
    office.log.commit()
    for fate in office.fates:
        if not fate.filed and not fate.gone:
            take = office.log.takes.by_number[fate.number]
            office.archiver.keep(TakeWav(office.log, take), fate.path, take.label.recording, take.key)
            office.log.free(fate.number)
            fate.filed = True
    office.log.commit()
    office.seal.ledger.sign()
    return disk, office


def regions(disk: SimulatedDisk) -> Iterator[tuple[Path, int]]:
    """(file, bytes of it that mean something)"""
    for path, inode in sorted(disk.files.items()):
        data = bytes(inode.cache)
        if path.suffix == ".seg":
            links = [one for one in scan(data).found if one.record.kind == CHAIN]
            if links:  # what is behind the last link was never said to be safe
                yield path, links[-1].offset + LINK
        elif path.parent == KEYS:
            if path.name in ("box.key", "sign.pub"):
                yield path, len(data.rstrip(b"\n"))
        elif path.suffix == ".wav" or path == LEDGER:
            yield path, len(data)


def flipped(disk: SimulatedDisk, path: Path, at: int, bit: int, office: Office) -> Verified:
    cache = disk.files[path].cache
    cache[at] ^= 1 << bit
    try:
        return office.verified(disk)
    finally:
        cache[at] ^= 1 << bit


def test_an_archive_in_order_has_no_findings(chance: random.Random) -> None:
    disk, office = archive(chance)
    found = office.verified(disk)
    assert (found.findings, found.notes) == ([], [])
    assert found.recordings == sum(fate.filed and not fate.gone for fate in office.fates) > 0
    assert sorted(found.erased) == sorted(fate.path for fate in office.fates if fate.gone and fate.key)
    assert found.erased
    assert min(found.entries, found.signatures, found.segments) > 0
    assert found.size == sum(len(disk.files[ROOT / fate.path].cache) for fate in office.fates if not fate.gone)


@pytest.mark.slow
def test_every_flipped_bit_is_found_and_named(chance: random.Random) -> None:
    """A dense sample of all bytes of files, ledger, segments and keys, begun at a random place; each kind at its own
    beginning and end too."""
    disk, office = archive(chance)
    checked = 0
    for path, size in regions(disk):
        step = 1 if size < 100 else 61
        places = {*range(chance.randrange(step), size, step), *range(min(8, size)), *range(max(0, size - 8), size)}
        for at in sorted(places):
            found = flipped(disk, path, at, chance.randrange(8), office)
            assert found.findings, f"byte {at} of {path} (of {size}) changed and nothing is found: {found.notes}"
            kinds = {".wav": {"recording"}, ".log": {"ledger", "signature"}, ".seg": {"segment"}, ".pub": {"signature"},
                     ".key": {"key"}}[path.suffix]
            assert kinds & {one.what for one in found.findings}, f"byte {at} of {path}: {found.findings}"
            checked += 1
    assert checked > 500
    assert office.verified(disk).findings == []


def test_a_changed_file_is_named_with_its_bytes(chance: random.Random) -> None:
    disk, office = archive(chance)
    fate = next(fate for fate in office.fates if not fate.gone)
    found = flipped(disk, ROOT / fate.path, 70, 0, office)
    size = len(disk.files[ROOT / fate.path].cache)
    words = f"recording r{fate.path[11:-4]} was changed in these bytes"
    assert found.findings == [Finding("recording", fate.path, words, 0, size - 1)]


def test_recordings_taken_away_exchanged_and_cut(chance: random.Random) -> None:
    disk, office = archive(chance)
    one, other = [ROOT / fate.path for fate in office.fates if not fate.gone][:2]
    inodes = dict(disk.files)
    del disk.files[one]
    assert [found.words for found in office.verified(disk).findings] == [
        f"recording r{one.stem} is gone, and no entry of the ledger says why"]
    disk.files = dict(inodes)
    disk.files[one], disk.files[other] = inodes[other], inodes[one]
    exchanged = {str(path.relative_to(ROOT)) for path in (one, other)}
    assert {found.file for found in office.verified(disk).findings} == exchanged
    disk.files = dict(inodes)
    last = inodes[one].cache.pop()
    (found,) = office.verified(disk).findings
    size = len(inodes[one].cache)
    assert found.words.endswith(f"and it has {size} bytes where {size + 1} were kept")
    inodes[one].cache.append(last)
    disk.files[one.with_name("put-there.wav")] = inodes[other]
    there = f"{one.parent.relative_to(ROOT)}/put-there.wav"
    assert office.verified(disk).notes == [f"{there} stands in no entry of the ledger"]


def test_entries_taken_out_exchanged_forged_and_cut_off(chance: random.Random) -> None:
    disk, office = archive(chance)
    inode = disk.files[LEDGER]
    whole = bytes(inode.cache)
    lines = whole.splitlines(keepends=True)
    assert len(lines) > 8
    for at in range(len(lines)):
        inode.cache[:] = b"".join(lines[:at] + lines[at + 1:])
        assert office.verified(disk).findings, f"entry {at + 1} taken out"
        inode.cache[:] = b"".join(lines[:at])
        assert office.verified(disk).findings, f"cut off before entry {at + 1}"
        if at:
            inode.cache[:] = b"".join([*lines[:at - 1], lines[at], lines[at - 1], *lines[at + 1:]])
            assert office.verified(disk).findings, f"entries {at} and {at + 1} exchanged"
    # all hashes made anew after a change, as whoever knows the format can: the signatures and the journal tell
    before, forged = ledger.FIRST, []
    for line in lines:
        entry = ledger.parse(line[:-1], 0)
        assert entry is not None
        fields = entry.fields | {"prev": before}
        if fields["what"] == "kept":
            fields["sha256"] = "0" * 64
        forged.append(ledger.pack(fields) + b"\n")
        again = ledger.parse(forged[-1][:-1], 0)
        assert again is not None
        before = again.hash
    inode.cache[:] = b"".join(forged)
    kinds = {found.what for found in office.verified(disk).findings}
    assert {"ledger", "signature", "recording"} <= kinds
    del disk.files[LEDGER]
    assert "it is gone" in office.verified(disk).findings[0].words


def test_segments_taken_away_and_cut(chance: random.Random) -> None:
    disk, office = archive(chance)
    used = [path for path in sorted(disk.files)
            if path.parent == SEGMENTS and scan(bytes(disk.files[path].cache)).found]
    assert used
    inodes = dict(disk.files)
    newest = max(used, key=lambda path: scan(bytes(inodes[path].cache)).number)
    del disk.files[newest]
    assert "the link that was signed is not there: it was taken away" in office.verified(disk).findings[0].words
    disk.files = inodes
    cache = inodes[newest].cache
    links = [one for one in scan(bytes(cache)).found if one.record.kind == CHAIN]
    kept = bytes(cache)
    cache[links[-1].offset:] = bytes(len(cache) - links[-1].offset)
    assert "its end was changed or cut off" in office.verified(disk).findings[0].words
    cache[:] = kept
    assert office.verified(disk).findings == []


def test_times_choose_files_and_progress_is_told(chance: random.Random) -> None:
    disk, office = archive(chance)
    steps: list[tuple[int, int, str]] = []
    verifier = Verifier(disk, ROOT, KEYS, progress=lambda *told: steps.append(told))
    all_of_them = verifier.verify(office.signed, AT, AT + timedelta(seconds=1))
    assert all_of_them.recordings == len(steps) - 1
    assert steps[-1] == (all_of_them.size, all_of_them.size, "")
    none = Verifier(disk, ROOT, KEYS).verify(office.signed, since=AT + timedelta(seconds=1))
    assert (none.recordings, none.findings) == (0, [])
    assert none.entries == all_of_them.entries


def test_what_a_power_cut_leaves_is_no_finding(chance: random.Random) -> None:
    """At any moment of a day; or everybody whose power fails would be told of burglars."""
    disk = SimulatedDisk()
    office = Office(disk, chance, sealed=True)
    cuts = 0

    def cut(name: str) -> None:
        nonlocal cuts
        if chance.random() < 0.15:
            cuts += 1
            found = office.verified(disk.cut(chance))
            assert found.findings == [], f"after {name}"

    disk.on_operation = cut
    for _ in range(120):
        office.round()
    assert cuts > 20
