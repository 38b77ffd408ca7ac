"""What a killed run's rings hold goes into the log once: by chance against what was said, then by the cases."""

import errno
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.keeping import Keeping, Told
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.salvage import FRAME, salvage
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.media.dsp import through_alaw
from ccappliance.media.rings import Frame, Left

SEGMENTS = Path("/recordings/segments")
SIZE = 1 << 20
LABEL = Label("r1", "c1", "2026/11/22/r1.wav", "test", "2026-11-22T08:00:00Z")


class Remains:
    """Rings of a test."""

    def __init__(self, *rings: Left) -> None:
        self.rings = list(rings)

    def left(self) -> Iterator[Left]:
        return iter(list(self.rings))

    def forget(self) -> None:
        self.rings.clear()


def said(frames: int, seed: int = 1) -> bytes:
    return through_alaw(random.Random(seed).randbytes(4 * FRAME * frames))


def ring(sound: bytes, first: int = 0, paused: tuple[int, ...] = (), lost: tuple[int, ...] = (),
         frames: int | None = None, label: Label = LABEL) -> Left:
    """A ring of the frames of `sound` from `first` on, without those that were lost."""
    count = len(sound) // 4 // FRAME
    newest = [Frame(at, at in paused, sound[4 * FRAME * at:4 * FRAME * (at + 1)]) for at in range(first, count)
              if at not in lost]
    return Left(label.pack(), count if frames is None else frames, newest)


class Desk:
    """A disk, and the log of one run after the other."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.start()

    def start(self) -> Recovered:
        self.state = recover(self.disk, SEGMENTS, SIZE)
        self.log = TapeLog(self.disk, self.state.takes, self.state.segments, SIZE)
        return self.state

    def record(self, sound: bytes, *, legs: tuple[int, ...] = (0, 1), more: bytes = b"") -> int:
        """A run that wrote `sound`, and of `more` only some legs, and was killed."""
        number = self.log.begin(LABEL)
        if sound:
            self.log.sound(number, 0, sound)
        if more:
            self.log.sound(number, len(sound) // 4, more, legs)
        self.log.push()
        self.start()
        return number

    def take(self) -> Take:
        (take,) = self.start().takes
        return take

    def sound(self) -> bytes:
        take = self.take()
        wav = TakeWav(self.log, take)
        return wav.read(44, wav.size)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_written_everything_said_is_there_once(seed: int) -> None:
    chance, desk = random.Random(seed), Desk()
    frames = chance.randrange(1, 200)
    sound, kept = said(frames, seed), chance.randrange(0, frames + 1)
    hidden = tuple(range(chance.randrange(frames), frames)) if chance.random() < 0.3 else ()
    sound = b"".join(bytes(4 * FRAME) if at in hidden else sound[4 * FRAME * at:4 * FRAME * (at + 1)]
                     for at in range(frames))
    torn = chance.randrange(kept, frames + 1) if not hidden and chance.random() < 0.5 else kept
    if kept or torn > kept:
        more = sound[4 * FRAME * kept:4 * FRAME * torn]
        desk.record(sound[:4 * FRAME * kept], legs=(chance.choice((0, 1)),), more=more)
    remains = Remains(ring(sound, chance.randrange(0, kept + 1), hidden))
    for again in range(3):
        ended = salvage(desk.log, remains).ended
        assert len(ended) == (again == 0)
        assert desk.sound() == sound, seed
        take = desk.take()
        assert take.closed == {"samples": FRAME * frames, "lost": 0, "state": "interrupted"}, seed
        assert take.missing == 0


class _Killed(Exception):
    pass


def test_a_second_kill_after_any_operation_changes_nothing() -> None:
    """The process dies in the middle of the start, however far it got; the next one does it again."""
    sound, killed = said(100), 0
    for after in range(100):
        desk = Desk()
        desk.record(sound[:4 * FRAME * 60])
        desk.disk.operations = 0

        def die(_: str, disk: SimulatedDisk = desk.disk, last: int = after) -> None:
            if disk.operations > last:
                raise _Killed

        desk.disk.on_operation = die
        try:
            salvage(desk.log, Remains(ring(sound, 30)))
        except _Killed:
            killed += 1
        else:
            assert killed > 5
            return
        desk.disk.on_operation = lambda _: None
        desk.disk.killed()
        desk.start()
        salvage(desk.log, Remains(ring(sound, 30)))
        assert desk.sound() == sound, after
    raise AssertionError("it never ends")


def test_what_the_ring_has_lost_is_a_gap_and_counted() -> None:
    desk = Desk()
    sound = said(50)
    desk.record(sound[:4 * FRAME * 10])
    salvage(desk.log, Remains(ring(sound, 12, lost=(20, 21), frames=53)))
    take = desk.take()
    assert take.samples == 53 * FRAME
    gaps = [(first // FRAME, end // FRAME) for leg, first, end in take.gaps() if leg == 0]
    assert gaps == [(10, 12), (20, 22), (50, 53)]
    assert take.closed is not None
    assert take.closed["lost"] == 7 * FRAME


def test_what_has_an_end_or_was_freed_is_left_alone() -> None:
    sound = said(50)
    for over in ("end", "free"):
        desk = Desk()
        number = desk.record(sound[:4 * FRAME * 10])
        if over == "end":
            desk.log.end(number, 10 * FRAME, 0, "complete")
        else:
            desk.log.free(number)
        desk.log.commit()
        desk.start()
        assert salvage(desk.log, Remains(ring(sound))).ended == []
        assert desk.take().samples == 10 * FRAME


def test_names_of_another_version_and_empty_rings_are_no_trouble() -> None:
    desk = Desk()
    strange = [Left(name, 5, []) for name in (b"x", b"{}", b"[]", json.dumps({"recording": "r"}).encode())]
    assert salvage(desk.log, Remains(*strange)).ended == []
    (take,) = salvage(desk.log, Remains(Left(LABEL.pack(), 0, []))).ended
    assert (take.samples, desk.sound()) == (0, b"")


def test_rings_are_forgotten_when_their_sound_is_safe_and_not_before() -> None:
    disk, sound = SimulatedDisk(), said(20)
    troubles: list[str] = []
    told = Told(lambda _: None, lambda *_: None, troubles.append, troubles.append)
    remains = Remains(ring(sound))

    def keeping() -> Keeping:
        return Keeping(RecordingSettings(segment=1), SEGMENTS.parent, told, threaded=False, disk=disk, remains=remains)

    disk.fault = lambda operation, path: errno.EIO if operation == "sync" and path.suffix else 0
    first = keeping()
    first.recover()
    assert remains.rings
    assert troubles
    disk.fault = lambda operation, path: 0
    second = keeping()
    (take,) = second.recover().interrupted
    assert not remains.rings
    assert take.samples == 20 * FRAME
    assert take.closed is not None  # before it is told
