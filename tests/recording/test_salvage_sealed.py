"""What a killed run's rings hold of sealed recordings: under their own key, no nonce twice, once the key is there."""

import random
from datetime import UTC, datetime

import pytest
from simulated_disk import SimulatedDisk
from tape_world import KEYS, ROOT, SEGMENTS
from test_salvage import LABEL, Remains, ring, said

from ccappliance.apps.recording import tape_log
from ccappliance.apps.recording.cipher import seal
from ccappliance.apps.recording.keeping import Keeping, Told
from ccappliance.apps.recording.recovery import recover
from ccappliance.apps.recording.salvage import FRAME, salvage
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.apps.recording.segment import Record
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Take
from ccappliance.apps.recording.tape_log import TapeLog

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
QUIET = bytes(4 * FRAME * 50)  # held back: sealed too when it is written
VAULT = random.Random(7)


def vault() -> Vault:
    return Vault(KEYS, VAULT.randbytes, lambda: AT)


def started(disk: SimulatedDisk, *, sealing: bool = True) -> TapeLog:
    one = Seal(disk, ROOT, vault(), lambda number, digest: None)
    state = recover(disk, SEGMENTS, 1 << 20, one.has_key)
    log = TapeLog(disk, state.takes, state.segments, 1 << 20, one.keys, one.recycled)
    assert one.open(sealing=sealing, used=state.last_key) == ""
    log.sealing = sealing
    return log


def killed_with(disk: SimulatedDisk, sound: bytes, pushed: int) -> int:
    """A run that pushed so many frames, gave numbers to one more that nobody ever sees, and was killed."""
    log = started(disk)
    number = log.begin(LABEL)
    log.sound(number, 0, sound[:4 * FRAME * pushed])
    log.push()
    log.sound(number, pushed * FRAME, sound[4 * FRAME * pushed:4 * FRAME * (pushed + 1)])
    disk.killed()
    return number


def test_what_is_saved_is_sealed_under_the_recording_s_key_and_no_nonce_comes_twice(
        monkeypatch: pytest.MonkeyPatch) -> None:
    sealed: dict[tuple[int, int], Record] = {}

    def spy(record: Record, number: int, key: bytes) -> Record:
        assert sealed.setdefault((number, record.sequence), record) == record, "one nonce for two contents"
        return seal(record, number, key)

    monkeypatch.setattr(tape_log, "seal", spy)
    disk, sound = SimulatedDisk(), said(50) + QUIET + said(20, 2)
    number = killed_with(disk, sound, 10)
    log = started(disk, sealing=False)  # what is configured by now says nothing about a recording that is sealed
    (take,) = salvage(log, Remains(ring(sound))).ended
    assert [log.pcm(take, leg, 0, 120 * FRAME) for leg in (0, 1)] == [
        b"".join(sound[at + 2 * leg:at + 2 * leg + 2] for at in range(0, len(sound), 4)) for leg in (0, 1)]
    assert {key for key, _ in sealed} == {take.key}
    assert take.number == number
    assert any(not record.content for record in sealed.values()), "silence is sealed too"
    assert take.closed == {"samples": 120 * FRAME, "lost": 0, "state": "interrupted"}
    again = started(disk)
    assert salvage(again, Remains(ring(sound))).ended == [], "once"


def test_while_the_key_is_away_rings_and_recording_wait() -> None:
    disk, sound, words, over = SimulatedDisk(), said(40), list[str](), list[Take]()
    killed_with(disk, sound, 10)
    remains = Remains(ring(sound))

    def start() -> Keeping:
        told = Told(lambda _: None, lambda take, _: over.append(take), words.append, words.append, words.append)
        keeping = Keeping(RecordingSettings(segment=1, encrypt=True), ROOT, told, threaded=False, disk=disk,
                          vault=vault(), remains=remains)
        words.clear()
        keeping.recover()
        return keeping

    box = bytes(disk.files[KEYS / "box.key"].cache)
    disk.unlink(KEYS / "box.key")
    for _ in range(2):
        away = start()
        assert away.recover().interrupted == []
        assert any("box.key is missing" in word for word in words)
        away.tidy()
        away.close(0.0)
        assert remains.rings, "they wait"
        assert over == []
    disk.create(KEYS / "box.key")
    disk.files[KEYS / "box.key"].cache[:] = box
    back = start()
    (take,) = back.recover().interrupted
    assert take.samples == 40 * FRAME
    assert not remains.rings
    assert words == [""]
