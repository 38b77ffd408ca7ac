"""The log of all tapes: records that are only believed whole, disks that fail, starts after anything."""

import errno
import random
import sys
from pathlib import Path

import pytest
from simulated_disk import SimulatedDisk
from tape_world import ROOT, SEGMENTS, SIZE, Office, summary

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.chain import LINK
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.segment import (
    ALAW,
    CALLER,
    FREE,
    HEADER,
    IN_USE,
    SOUND,
    Record,
    pack,
    pack_header,
    read_header,
    scan,
    unpack,
)
from ccappliance.apps.recording.settings import ArchiveSettings
from ccappliance.apps.recording.sound import decode, encode, join, split
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.media.dsp import through_alaw
from ccappliance.service.disk import Disk, RealDisk

RECORD = Record(7, SOUND, 3, bytes(range(40)), CALLER, 160, 40, ALAW)


def segment(*records: Record, number: int = 5) -> bytes:
    data = pack_header(number, IN_USE)
    for record in records:
        data += pack(record, number, len(data)) + record.content
    return data.ljust(4096, b"\0")


def label(name: str) -> Label:
    return Label(name, f"call of {name}", f"2026/11/22/{name}.wav", "test", "2026-11-22T08:00:00.000+00:00")


def opened(disk: Disk, directory: Path = SEGMENTS, size: int = SIZE) -> tuple[TapeLog, Recovered]:
    state = recover(disk, directory, size)
    return TapeLog(disk, state.takes, state.segments, size), state


def stereo(chance: random.Random, samples: int = 100) -> bytes:
    return through_alaw(chance.randbytes(4 * samples))


def whole(log: TapeLog, take: Take) -> bytes:
    wav = TakeWav(log, take)
    return wav.read(44, wav.size)


# ---- records ----


def test_no_bit_of_a_record_can_change_unseen() -> None:
    data = pack(RECORD, 5, HEADER) + RECORD.content
    assert unpack(data, 0, HEADER) == (RECORD, 5)
    for bit in range(8 * len(data)):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        assert unpack(bytes(spoilt), 0, HEADER) is None, f"bit {bit}"
    for length in range(len(data)):
        assert unpack(data[:length], 0, HEADER) is None, f"torn at {length}"
    assert unpack(data, 0, HEADER + 8) is None, "at another place it is not this record"


def test_a_scan_goes_on_behind_what_is_broken() -> None:
    records = [RECORD._replace(sequence=n, first=40 * n) for n in range(1, 6)]
    data = bytearray(segment(*records))
    ((_, rows),) = scan(bytes(data)).laid.items()
    second = rows[1][2]
    data[second + 60] ^= 1
    found = scan(bytes(data))
    assert [first for first, *_ in found.laid[RECORD.tape, RECORD.leg]] == [40, 120, 160, 200]
    assert found.last == 5
    assert found.broken == len(pack(RECORD, 5, 0)) + len(RECORD.content)


def test_a_segment_without_its_header_tells_its_number() -> None:
    data = bytes(HEADER) + segment(RECORD)[HEADER:]
    assert read_header(data) is None
    assert (scan(data).number, len(scan(data).laid)) == (5, 1)


def test_what_an_earlier_use_has_left_is_nothing() -> None:
    used = segment(RECORD, RECORD._replace(sequence=8), number=5)
    again = pack_header(6, IN_USE) + used[HEADER:]
    assert scan(again).empty
    for nothing in (pack_header(5, FREE) + used[HEADER:], b"", bytes(4096)):
        assert scan(nothing) == (0, [], {}, 0, 0, 0)


def test_sound_is_written_without_loss_in_the_fewest_bytes(chance: random.Random) -> None:
    line, made = through_alaw(chance.randbytes(320)), chance.randbytes(320)
    for pcm, length in ((line, 160), (made, 320), (bytes(320), 0), (b"", 0)):
        coding, content = encode(pcm)
        assert len(content) == length
        assert decode(coding, content, len(pcm) // 2) == pcm
    assert split(join(line, made)) == (line, made)
    with pytest.raises(ValueError, match="39 samples where 40"):
        decode(ALAW, bytes(39), 40)
    with pytest.raises(ValueError, match="coding 9 is not known"):
        decode(9, b"", 0)


# ---- disks that fail ----


@pytest.mark.parametrize(("operation", "code"), [("sync", errno.EIO), ("write", errno.EIO), ("write", errno.ENOSPC),
                                                 ("allocate", errno.ENOSPC), ("create", errno.EROFS),
                                                 ("sync_directory", errno.EIO)])
def test_what_failed_is_written_again_elsewhere(operation: str, code: int, chance: random.Random) -> None:
    """F30: never again to that file; nothing is lost, nothing is there twice, whatever a power cut then leaves."""
    disk = SimulatedDisk()
    log, _ = opened(disk)
    number = log.begin(label("a"))
    said, met = b"", 0
    for piece in range(60):
        sound = stereo(chance)
        log.sound(number, len(said) // 4, sound)
        said += sound
        if piece in (10, 11, 30):
            disk.fault = lambda name, path: code if name == operation else 0
        for _ in range(3):
            try:
                log.commit()
                break
            except OSError:
                met += 1
            disk.fault = lambda name, path: 0
        else:
            pytest.fail("it never got better")
    assert met > 0
    assert whole(log, log.takes.by_number[number]) == said
    twice = recover(disk, SEGMENTS, SIZE).takes.by_number[number].legs[0]  # after a kill both copies may be there
    assert sum(twice[at].samples for at in range(len(twice))) == len(said) // 4
    after, state = opened(disk.cut(chance))
    assert whole(after, state.takes.by_number[number]) == said
    assert state.takes.by_number[number].gaps() == []


@pytest.mark.slow
def test_random_faults_leave_nothing_untold(seed: int) -> None:
    """Any operation fails now and then; whoever commits tries again. Everything is checked after a cut at each end."""
    met = 0
    for day in range(10):
        chance = random.Random(f"{seed} {day}")
        disk = SimulatedDisk()
        log, _ = opened(disk)
        said: dict[int, bytes] = {}

        def fault(name: str, path: Path, chance: random.Random = chance) -> int:
            nonlocal met
            if name in ("write", "sync", "create", "allocate", "sync_directory") and chance.random() < 0.1:
                met += 1
                return chance.choice((errno.EIO, errno.ENOSPC))
            return 0

        disk.fault = fault
        for _ in range(60):
            if len(said) < 3:
                said[log.begin(label(f"r{len(said)}"))] = b""
            for number in said:
                sound = stereo(chance, 30)
                log.sound(number, len(said[number]) // 4, sound)
                said[number] += sound
            while True:
                try:
                    log.commit()
                    break
                except OSError:
                    continue
        disk.fault = lambda name, path: 0
        after, state = opened(disk.cut(chance))
        for number, sound in said.items():
            assert whole(after, state.takes.by_number[number]) == sound, f"day {day}"
    assert met > 100


def test_a_sector_that_cannot_be_read_is_a_gap(chance: random.Random) -> None:
    disk = SimulatedDisk()
    log, _ = opened(disk)
    number = log.begin(label("a"))
    said = b""
    for _ in range(100):
        sound = stereo(chance)
        log.sound(number, len(said) // 4, sound)
        said += sound
    log.end(number, len(said) // 4, 0, "complete")
    log.commit()
    victim = disk.names(SEGMENTS)[1]
    disk.fault = lambda name, path: errno.EIO if name == "read" and path.name == victim else 0
    after, state = opened(disk)
    disk.fault = lambda name, path: 0
    take = state.takes.by_number[number]
    assert state.unreadable > 0
    assert 0 < take.missing < take.samples == len(said) // 4
    got = whole(after, take)
    for leg, first, end in take.gaps():
        assert split(got)[leg][2 * first:2 * end] == bytes(2 * (end - first))
    wrong = sum(a != b for a, b in zip(got, said, strict=True))
    assert 0 < wrong <= sum(4 * (end - first) for _, first, end in take.gaps())


def test_a_flipped_bit_is_silence_not_noise(chance: random.Random) -> None:
    disk = SimulatedDisk()
    log, _ = opened(disk)
    number = log.begin(label("a"))
    sound = stereo(chance)
    log.sound(number, 0, sound)
    log.commit()
    piece = log.takes.by_number[number].legs[0][0]
    disk.spoil(SEGMENTS / "tape-000001.seg", piece.offset + 60, b"\x99\x66")
    left, right = split(whole(log, log.takes.by_number[number]))
    assert (left, right) == (bytes(200), split(sound)[1])


# ---- starts ----


def test_what_a_kill_left_is_safe_before_it_is_told(chance: random.Random) -> None:
    """Pushed, never committed: the next start has it, and then not even a power cut takes it."""
    disk = SimulatedDisk()
    log, _ = opened(disk)
    number = log.begin(label("a"))
    sound = stereo(chance)
    log.sound(number, 0, sound)
    log.push()
    first = recover(disk.killed(), SEGMENTS, SIZE)
    assert [take.label.recording for take in first.interrupted] == ["a"]
    after, state = opened(disk.cut(chance, 0.0))
    assert summary(state) == summary(first)
    assert whole(after, state.takes.by_number[number]) == sound


def test_what_was_freed_does_not_come_back_when_its_mark_is_used_again(chance: random.Random) -> None:
    """A shares its segment with B; what freed A lies in a segment that is given back while B holds the first one."""
    disk = SimulatedDisk()
    log, _ = opened(disk)
    a, b = log.begin(label("a")), log.begin(label("b"))
    for number in (a, b):
        log.sound(number, 0, stereo(chance))
        log.end(number, 100, 0, "complete")
    log.commit()
    c = log.begin(label("c"))
    for piece in range(45):  # into the second segment, and into the third
        log.sound(c, 100 * piece, stereo(chance))
        if piece == 40:
            log.free(a)
    log.end(c, 4500, 0, "complete")
    log.free(c)
    log.commit()
    freed_in = log.takes.by_number[a].freed_in
    d = log.begin(label("d"))
    for piece in range(60):
        log.sound(d, 100 * piece, stereo(chance))
    log.commit()
    log.recycle()
    assert freed_in not in log.segments.in_use, "the segment with the mark is used again"
    _, state = opened(disk.cut(chance))
    takes = {take.label.recording: bool(take.freed_in) for take in state.takes}
    assert takes == {"a": True, "b": False, "c": True, "d": False}


def test_segments_are_used_again_and_not_kept_for_ever(chance: random.Random) -> None:
    disk = SimulatedDisk()
    log, _ = opened(disk)
    for call in range(40):
        number = log.begin(label(f"r{call}"))
        for piece in range(20):
            log.sound(number, 100 * piece, stereo(chance))
        log.end(number, 2000, 0, "complete")
        log.free(number)
        log.commit()
        log.recycle()
        assert len(disk.names(SEGMENTS)) <= 5
    assert log.segments.last > 15
    assert [take.label.recording for take in log.takes] in ([], ["r39"])


@pytest.mark.slow
def test_a_start_after_a_start_after_a_start(seed: int) -> None:
    """Cut, started, cut in the next day, ten times: one log goes on through all of it."""
    chance = random.Random(seed)
    disk, offices = SimulatedDisk(), 0
    for _ in range(10):
        office = Office(disk, chance)
        for _ in range(30):
            office.round()
        disk = disk.cut(chance)
        state = office.check(disk)
        for take in state.interrupted:
            log = TapeLog(disk, state.takes, state.segments, SIZE)
            log.end(take.number, take.samples, take.missing, "interrupted")
            log.free(take.number)
            log.commit()
            state = recover(disk, SEGMENTS, SIZE)
        for path in list(disk.files):
            if path.suffix == ".wav":
                disk.unlink(path)
        log = TapeLog(disk, state.takes, state.segments, SIZE)
        for take in list(state.takes):
            log.free(take.number)
        log.commit()
        log.recycle()
        offices += 1
    assert offices == 10


# ---- files ----


def archived(tmp_path: Path, settings: ArchiveSettings, chance: random.Random) -> tuple[str, str, bytes]:
    disk = RealDisk(patient=False)
    log, _ = opened(disk, tmp_path / "segments", 1 << 16)
    number = log.begin(label("a"))
    log.sound(number, 0, stereo(chance, 4000))
    log.commit()
    wav = TakeWav(log, log.takes.by_number[number])
    kept = Archiver(disk, tmp_path, settings).keep(wav, "2026/11/22/a.wav")
    again = Archiver(disk, tmp_path, ArchiveSettings()).keep(wav, "2026/11/22/b.wav")
    assert again.path == "2026/11/22/b.wav"
    log.close()
    assert [path for path in tmp_path.rglob("*") if ".part" in path.name or ".check" in path.name] == []
    return kept.path, kept.complaint, wav.read(0, wav.size)


PYTHON = f"{sys.executable} -c"
ZIP = f"{PYTHON} 'import sys,zlib; open(sys.argv[2],\"wb\").write(zlib.compress(open(sys.argv[1],\"rb\").read()))'"
UNZIP = f"{PYTHON} 'import sys,zlib; open(sys.argv[2],\"wb\").write(zlib.decompress(open(sys.argv[1],\"rb\").read()))'"
HALF = f"{PYTHON} 'import sys; open(sys.argv[2],\"wb\").write(open(sys.argv[1],\"rb\").read()[:8000])'"


@pytest.mark.slow
@pytest.mark.parametrize(("form", "encoder", "decoder", "path", "complaint"), [
    ("flac", ZIP, UNZIP, "2026/11/22/a.flac", ""), ("opus", ZIP, UNZIP, "2026/11/22/a.opus", ""),
    ("flac", ZIP, HALF, "2026/11/22/a.wav", "does not come back as it was"),
    ("opus", ZIP, HALF, "2026/11/22/a.wav", "has another length"),
    ("flac", "/nowhere/flac", UNZIP, "2026/11/22/a.wav", "No such file"),
    ("flac", f"{PYTHON} 'import sys; sys.exit(3)'", UNZIP, "2026/11/22/a.wav", "failed with code 3")],
    ids=["flac", "opus", "flac-wrong", "opus-wrong", "missing", "failing"])
def test_an_encoder_is_believed_when_its_file_comes_back(tmp_path: Path, chance: random.Random, form: str, encoder: str,
                                                         decoder: str, path: str, complaint: str) -> None:
    places = " {from} {to}"
    settings = ArchiveSettings(form=form, flac=encoder + places, flac_check=decoder + places, opus=encoder + places,
                               opus_check=decoder + places)
    kept, said, wav = archived(tmp_path, settings, chance)
    assert kept == path
    assert complaint in said
    assert bool(complaint) == bool(said)
    if path.endswith(".wav"):
        assert (tmp_path / path).read_bytes() == wav


@pytest.mark.parametrize("kind", ["real", "simulated"])
def test_both_disks_keep_one_contract(kind: str, tmp_path: Path) -> None:
    disk: Disk = RealDisk() if kind == "real" else SimulatedDisk()
    root = tmp_path / "a" / "b" if kind == "real" else ROOT
    disk.make_directory(root)
    disk.make_directory(root)
    assert disk.names(root) == disk.names(root / "none") == []
    file = disk.create(root / "x")
    with pytest.raises(FileExistsError):
        disk.create(root / "x")
    disk.allocate(file, 1000)
    assert (disk.size(file), disk.read(file, 4, 998)) == (1000, b"\0\0")
    disk.write(file, [b"ab", b"", b"cd"] * 600, 990)
    assert disk.read(file, 8, 990) == b"abcdabcd"
    assert disk.size(file) == 990 + 2400
    assert len(disk.read(file, 10_000, 0)) == 3390
    disk.sync(file)
    disk.sync_directory(root)
    disk.close(file)
    disk.rename(root / "x", root / "y")
    assert disk.names(root) == ["y"]
    again = disk.open(root / "y")
    assert disk.read(again, 4, 990) == b"abcd"
    disk.close(again)
    disk.unlink(root / "y")
    for fails in (lambda: disk.open(root / "y"), lambda: disk.unlink(root / "y"),
                  lambda: disk.rename(root / "y", root / "z")):
        with pytest.raises(FileNotFoundError):
            fails()


def test_silence_is_held_back_until_a_commit_and_never_in_the_wrong_place() -> None:
    chance = random.Random(3)
    for _ in range(30):
        disk = SimulatedDisk()
        state = recover(disk, SEGMENTS, SIZE)
        log = TapeLog(disk, state.takes, state.segments, SIZE)
        numbers = [log.begin(Label(f"r{n}", "c", f"{n}.wav", "test", ""))
                   for n in range(2)]
        said = {number: bytearray() for number in numbers}
        for _ in range(60):
            number, kind = chance.choice(numbers), chance.random()
            count = chance.choice((24, 400, 3000))
            first = len(said[number]) // 4
            if kind < 0.7:
                log.sound(number, first, bytes(4 * count))
                said[number] += bytes(4 * count)
            elif kind < 0.8:
                log.pause(number, first, count)
                said[number] += bytes(4 * count)
            else:
                sound = stereo(chance, count)
                log.sound(number, first, sound)
                said[number] += sound
            chance.choice((log.push, log.push, log.commit))()
        log.commit()
        assert log.waiting == 0
        running = {take.number: whole(log, take) for take in state.takes}
        again = recover(disk, SEGMENTS, SIZE)
        assert running == {take.number: whole(log, take) for take in again.takes} == said
        pieces = [len(leg) for take in again.takes for leg in take.legs]
        assert pieces == [len(leg) for take in state.takes for leg in take.legs]


def test_an_hour_of_silence_is_few_pieces() -> None:
    disk = SimulatedDisk()
    state = recover(disk, SEGMENTS, 1 << 20)
    log = TapeLog(disk, state.takes, state.segments, 1 << 20)
    number = log.begin(Label("r", "c", "r.wav", "test", ""))
    for step in range(1200):
        log.sound(number, step * 667, bytes(4 * 667))
        log.push() if step % 3 < 2 else log.commit()
    (take,) = recover(disk, SEGMENTS, 1 << 20).takes
    assert take.samples == 1200 * 667
    assert [len(leg) for leg in take.legs] == [1, 1]
    used = sum(len(inode.cache.rstrip(b"\0")) for inode in disk.files.values())
    assert used < 400 * (60 + LINK) + 1024, "a commit has a record of silence and a link, a round none"
