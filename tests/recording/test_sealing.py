"""Keys, sealed sound and its files: what was sealed cannot be changed, read without its key, or heard once erased."""

import asyncio
import errno
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from simulated_disk import SimulatedDisk
from tape_world import KEYS, LEDGER, ROOT, Office, opened
from test_recorder import EPOCH, PATH, CountingTape, Port

from ccappliance.apps.recording.cipher import SEALED, Damaged, seal, unseal
from ccappliance.apps.recording.keys import ERASED, LIVE, NONE, SLOTS, Erased, Keys, Locked
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.apps.recording.sealed_file import CHUNK, SealedFile, SealedSound, key_of, sealed_size
from ccappliance.apps.recording.segment import ALAW, BOTH, CALLER, SILENCE, SOUND, Record, scan, unpack
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.sound import split
from ccappliance.apps.recording.takes import Label
from ccappliance.base.clock import LoopClock
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.media.dsp import linear_to_alaw, through_alaw
from ccappliance.service.disk import RealDisk
from ccappliance.sim.loop import run_virtual

KEY = bytes(range(32))


class Bytes:
    """A Playable of what it is given."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset:offset + length]

    def close(self) -> None:
        """Nothing is held."""


def keys_on(disk: SimulatedDisk, chance: random.Random, *, wanted: bool = True, used: int = 0) -> Keys:
    keys = Keys(disk, KEYS, chance.randbytes)
    keys.open(wanted=wanted, used=used)
    return keys


def label(name: str) -> Label:
    return Label(name, f"call of {name}", f"2026/11/22/{name}.wav", "test", "2026-11-22T08:00:00.000+00:00")


# ---- records and files ----


@pytest.mark.parametrize("content", [b"", bytes(range(40))])
def test_no_bit_of_a_sealed_record_or_its_head_can_change(content: bytes) -> None:
    record = Record(7, SOUND, 3, content, CALLER if content else BOTH, 160, 40, ALAW if content else SILENCE)
    sealed = seal(record, 9, KEY)
    assert (sealed.flags, sealed.key, unseal(sealed, KEY)) == (SEALED, 9, content)
    for bit in range(8 * len(sealed.content)):
        spoilt = bytearray(sealed.content)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            unseal(sealed._replace(content=bytes(spoilt)), KEY)
    for other in ({"sequence": 8}, {"tape": 4}, {"first": 161}, {"samples": 41}, {"leg": 1}, {"coding": 2}, {"key": 8}):
        with pytest.raises(Damaged):
            unseal(sealed._replace(**other), KEY)  # type: ignore[arg-type]
    with pytest.raises(Damaged):
        unseal(sealed, bytes(32))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_a_sealed_file_gives_any_range_back(size: int, chance: random.Random) -> None:
    plain = chance.randbytes(size)
    sound = SealedSound(Bytes(plain), 5, KEY)
    whole = sound.read(0, sound.size)
    assert len(whole) == sound.size == sealed_size(size)
    assert whole == SealedSound(Bytes(plain), 5, KEY).read(0, 1 << 30), "what a cut has left must be known again"
    assert key_of(whole) == 5
    disk = SimulatedDisk()
    file = disk.create(Path("/f"))
    disk.write(file, [whole], 0)
    opened_file = SealedFile(disk, file, 5, KEY)
    assert (opened_file.size, opened_file.read(0, size + 9)) == (size, plain)
    for _ in range(20):
        first, length = chance.randrange(size + 2), chance.randrange(size + 2)
        assert opened_file.read(first, length) == plain[first:first + length]
        assert sound.read(first, length) == whole[first:first + length]
    for damaged in (whole[:-1], whole[:-CHUNK - 16], whole + b"x", whole[:30] + b"\xff" + whole[31:]):
        disk.files[Path("/f")].cache[:] = damaged
        with pytest.raises((Damaged, ValueError)):
            SealedFile(disk, file, key_of(damaged), KEY).read(0, size)


def test_chunks_cannot_be_exchanged(chance: random.Random) -> None:
    plain = chance.randbytes(3 * CHUNK)
    whole = bytearray(SealedSound(Bytes(plain), 5, KEY).read(0, 1 << 30))
    step = CHUNK + 16
    whole[64:64 + step], whole[64 + step:64 + 2 * step] = whole[64 + step:64 + 2 * step], whole[64:64 + step]
    disk = SimulatedDisk()
    file = disk.create(Path("/f"))
    disk.write(file, [bytes(whole)], 0)
    sealed = SealedFile(disk, file, 5, KEY)
    with pytest.raises(Damaged, match="bytes 64 to 65615 are not what was sealed"):
        sealed.read(0, 10)
    assert sealed.read(2 * CHUNK, 10) == plain[2 * CHUNK:2 * CHUNK + 10]


# ---- keys ----


def test_keys_come_back_and_erased_ones_do_not(chance: random.Random) -> None:
    disk = SimulatedDisk()
    keys = keys_on(disk, chance)
    made = {keys.make(): None for _ in range(5)}
    keys.commit()
    known = {number: keys.key(number) for number in made}
    assert len(set(known.values())) == 5
    keys.erase(3)
    keys.erase(3)
    again = keys_on(disk.cut(chance, 0.0), chance)
    assert [again.state(number) for number in range(1, 7)] == [LIVE, LIVE, ERASED, LIVE, LIVE, NONE]
    assert again.key(4) == known[4]
    with pytest.raises(Erased):
        again.key(3)
    with pytest.raises(Locked, match="key 6 is missing"):
        again.key(6)
    assert again.make() == 6, "no number is given twice"
    assert keys_on(disk.cut(chance, 0.0), chance, used=40).make() == 41
    everything = disk.everything()
    assert not any(key in everything for key in known.values()), "no key lies in clear"


def test_the_box_key_is_never_silently_another(chance: random.Random) -> None:
    disk = SimulatedDisk()
    keys = keys_on(disk, chance)
    number = keys.make()
    keys.commit()
    right = bytes(disk.files[KEYS / "box.key"].cache)
    disk.files[KEYS / "box.key"].cache[:] = bytes(32)
    changed = keys_on(disk, chance)
    assert "another key than the one recordings were sealed with" in changed.trouble
    with pytest.raises(Locked):
        changed.make()
    with pytest.raises(Locked):
        changed.key(number)
    disk.unlink(KEYS / "box.key")
    assert "box.key is missing, and recordings were sealed" in keys_on(disk, chance).trouble
    assert KEYS / "box.key" not in disk.files
    gone = SimulatedDisk()
    assert "is missing" in keys_on(gone, chance, used=1).trouble, "all of `keys` is gone, and a segment names key 1"
    disk.create(KEYS / "box.key")
    disk.files[KEYS / "box.key"].cache[:] = right
    assert keys_on(disk, chance).key(number) == keys.key(number)


@pytest.mark.parametrize("kept", [0.0, 1.0, None])
def test_a_new_box_key_cut_after_every_operation(kept: float | None, chance: random.Random) -> None:
    disk = SimulatedDisk()
    keys = keys_on(disk, chance)
    for _ in range(12):
        keys.make()
    keys.commit()
    keys.erase(5)
    known = {number: keys.key(number) for number in range(1, 13) if number != 5}
    old = bytes(disk.files[KEYS / "box.key"].cache)
    cuts = 0

    def cut(name: str) -> None:
        nonlocal cuts
        cuts += 1
        after = disk.cut(chance, kept)
        again = keys_on(after, chance)
        assert again.trouble == ""
        assert {number: again.key(number) for number in known} == known
        assert again.state(5) == ERASED
        assert KEYS / "box.key.new" not in after.files, "a start finishes it"

    disk.on_operation = cut
    assert keys.rekey() == 11
    disk.on_operation = lambda name: None
    assert cuts > 15
    assert {number: keys.key(number) for number in known} == known
    assert old not in disk.everything()
    assert keys.make() == 13


@pytest.mark.parametrize("operation", ["write", "sync"])
def test_a_disk_that_fails_costs_no_key(operation: str, chance: random.Random) -> None:
    """F30: the file is not asked again; all it holds goes to another with its name."""
    disk = SimulatedDisk()
    keys = keys_on(disk, chance)
    keys.make()
    keys.commit()
    keys.make()
    failed = 0

    def fault(name: str, path: Path) -> int:
        nonlocal failed
        if name == operation and path.name == "slots-000001.key":
            failed += 1
            return errno.EIO if failed == 1 else 0
        return 0

    disk.fault = fault
    try:
        keys.commit()
    except OSError:
        keys.commit()
    disk.fault = lambda name, path: 0
    again = keys_on(disk.cut(chance, 0.0), chance)
    assert [again.key(number) for number in (1, 2)] == [keys.key(number) for number in (1, 2)]


def test_keys_lie_in_many_files_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    keys = Keys(RealDisk(patient=False), tmp_path / "keys", os.urandom)
    keys.open(wanted=True)
    keys.open(wanted=True, used=SLOTS - 1)
    assert [keys.make(), keys.make()] == [SLOTS, SLOTS + 1]
    keys.commit()
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {
        "box.key": 0o600, "slots-000001.key": 0o600, "slots-000002.key": 0o600}
    again = Keys(RealDisk(patient=False), tmp_path / "keys", os.urandom)
    again.open(wanted=False)
    assert again.last == SLOTS + 1
    assert again.key(SLOTS) == keys.key(SLOTS)


# ---- in the segments ----


@pytest.mark.parametrize("sealed", [True, False])
def test_nothing_of_what_was_said_lies_anywhere(sealed: bool, chance: random.Random) -> None:
    """Segments, files, keys and ledger after a busy day: no 16 bytes of any call's sound, in no coding; unsealed they
    are found, so this would find them."""
    disk = SimulatedDisk()
    office = Office(disk, chance, sealed=sealed)
    for _ in range(120):
        office.round()
    assert office.log.segments.last > 2
    assert any(fate.filed for fate in office.fates)
    everything, pieces = disk.everything(), []
    for fate in office.fates:
        said = bytes(fate.produced)
        for coded in (said, *split(said), *map(linear_to_alaw, split(said))):
            pieces += [coded[at:at + 16] for at in range(0, len(coded) - 16, 16)]
    found = [piece for piece in pieces if len(set(piece)) > 4 and piece in everything]
    assert len(found) == 0 if sealed else len(found) > 500


def test_the_same_bytes_are_written_again_after_an_error(chance: random.Random) -> None:
    """A nonce is used twice only for the very same record: or two of them would tell the key of the tags."""
    disk = SimulatedDisk()
    seal_of = Seal(disk, ROOT, Vault(KEYS, chance.randbytes, lambda: EPOCH), lambda number, digest: None)
    state, log = opened(disk, seal_of, sealing=True)
    number = log.begin(label("a"))
    log.commit()
    failed = 0

    def fault(name: str, path: Path) -> int:
        nonlocal failed
        if name != "sync" or path.suffix != ".seg":
            return 0
        failed += 1
        return errno.EIO if failed == 1 else 0

    disk.fault = fault
    log.sound(number, 0, through_alaw(chance.randbytes(400)))
    with pytest.raises(OSError, match="Input/output"):
        log.commit()
    log.commit()
    contents: dict[int, list[bytes]] = {}
    for path in state.segments.in_use.values():
        data = bytes(disk.files[path].cache)
        for _, _, offset, *_ in (row for rows in scan(data).laid.values() for row in rows):
            one = unpack(data, offset, offset)
            assert one is not None
            contents.setdefault(one[0].sequence, []).append(one[0].content)
    assert len(contents) == 2
    assert all(len(copies) == 2 and copies[0] == copies[1] for copies in contents.values())


def test_a_recording_whose_key_is_erased_is_silent_for_ever(chance: random.Random) -> None:
    disk = SimulatedDisk()
    vault = Vault(KEYS, chance.randbytes, lambda: EPOCH)
    one = Seal(disk, ROOT, vault, lambda number, digest: None)
    _, log = opened(disk, one, sealing=True)
    number = log.begin(label("a"))
    stereo = through_alaw(chance.randbytes(400))
    log.sound(number, 0, stereo)
    log.commit()
    assert TakeWav(log, log.takes.by_number[number]).read(44, 400) == stereo
    one.purged("2026/11/22/a.wav", log.takes.by_number[number].key)
    with pytest.raises(Erased):
        TakeWav(log, log.takes.by_number[number]).read(44, 400)
    again = Seal(disk, ROOT, vault, lambda number, digest: None)
    state, log = opened(disk, again, sealing=True)
    with pytest.raises(Erased):
        TakeWav(log, state.takes.by_number[number]).read(44, 400)
    assert LEDGER in disk.files


# ---- the recorder ----


def told(directory: Path, keys: Path, *, encrypt: bool, threaded: bool = False) -> tuple[Recorder, MemorySink]:
    clock, sink = LoopClock(asyncio.get_running_loop(), EPOCH), MemorySink()
    return Recorder(RecordingSettings(segment=1, encrypt=encrypt), clock, Journal(clock, sink), directory, Ids(1),
                    threaded=threaded, used_space=lambda _: 50.0,
                    vault=Vault(keys, random.Random(1).randbytes, lambda: datetime(2026, 11, 22, tzinfo=UTC))), sink


async def record(recorder: Recorder, call: str) -> str:
    port = Port(CountingTape(asyncio.get_running_loop().time))
    recording = recorder.start(call, port, "always")  # type: ignore[arg-type]
    assert recording is not None
    await asyncio.sleep(1.0)
    recorder.stop(call)
    return recording.path


def test_sealed_and_clear_recordings_live_side_by_side(tmp_path: Path) -> None:
    async def main() -> None:
        recorder, sink = told(tmp_path / "r", tmp_path / "k", encrypt=False)
        recorder.tidy()
        clear = await record(recorder, "1.000001")
        recorder.settings = RecordingSettings(segment=1, encrypt=True)
        sealed = await record(recorder, "1.000002")
        recorder.settings = RecordingSettings(segment=1)
        again = await record(recorder, "1.000003")
        sounds = []
        for path in (clear, sealed, again):
            playable = recorder.play(path)
            sounds.append(playable.read(0, 1 << 30))
            assert playable.read(100, 50) == sounds[-1][100:150]
            playable.close()
        assert sounds[0][:200] == sounds[2][:200] == sounds[1][:200]
        files = [(tmp_path / "r" / path).read_bytes() for path in (clear, sealed, again)]
        assert (files[0], files[2]) == (sounds[0], sounds[2])
        assert files[1].startswith(b"CCSEAL")
        assert sounds[1][1000:1032] not in files[1]
        await recorder.close()
        kinds = [type(entry.fact) for entry in sink.read()]
        assert facts.LedgerSigned in kinds
        assert facts.AlarmRaised not in kinds

    run_virtual(main())


def test_without_its_box_key_nothing_is_recorded_in_clear(tmp_path: Path) -> None:
    async def first() -> None:
        recorder, _ = told(tmp_path / "r", tmp_path / "k", encrypt=True)
        recorder.tidy()
        await record(recorder, "1.000001")
        await recorder.close()

    async def second() -> None:
        recorder, sink = told(tmp_path / "r", tmp_path / "k", encrypt=True)
        recorder.repair()
        recorder.tidy()
        with pytest.raises(Refused, match="bring it back from the backup"):
            recorder.play(PATH)
        await record(recorder, "1.000002")
        await recorder.close()
        alarms = [entry.fact for entry in sink.read() if isinstance(entry.fact, facts.AlarmRaised)]
        ends = [entry.fact.state for entry in sink.read() if isinstance(entry.fact, facts.RecordingEnded)]
        assert "recording_keys" in [alarm.alarm for alarm in alarms]
        assert ends == ["failed"]

    run_virtual(first())
    (tmp_path / "k" / "box.key").rename(tmp_path / "taken")
    run_virtual(second())
    (tmp_path / "taken").rename(tmp_path / "k" / "box.key")

    async def third() -> None:
        recorder, _ = told(tmp_path / "r", tmp_path / "k", encrypt=True)
        recorder.repair()
        recorder.tidy()
        assert recorder.play(PATH).size > 8000
        await recorder.close()

    run_virtual(third())
