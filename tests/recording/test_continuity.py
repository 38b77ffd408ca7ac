"""Real sound through engine, tape, log and file: exact to the sample, legs together after an hour, secrets nowhere."""

import asyncio
import errno
import random
from array import array
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import LoopClock
from ccappliance.base.ids import Ids
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.media.dsp import linear_to_alaw, through_alaw
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import VirtualMetronome
from ccappliance.media.ports import MediaPort, Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

ROOT = Path("/recordings")
PATH = "2026/11/22/1.000001-r1.wav"
TWENTY_MS = RATE // 50


def noise(name: str, seconds: float, seed: int) -> Sound:
    """Something that is like nothing else, as a telephone line carries it."""
    chance = random.Random(f"{name} {seed}")
    pcm = array("h", [chance.randrange(-8000, 8000) for _ in range(round(seconds * RATE))])
    return Sound(name, through_alaw(pcm.tobytes()))


class Office:
    """A line with a party at its far end, and a recorder on a disk of ours."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        zone = load_zones()["cn"]
        self.here, self.there = EngineMedia(loop, zone), EngineMedia(loop, zone, name="street")
        VirtualMetronome(loop, [self.here, self.there]).start()
        ours, theirs = self.here.wire()
        self.port: MediaPort = self.here.port("fxo/1", ours)
        self.far: MediaPort = self.there.port("far end", theirs)
        self.disk = SimulatedDisk()
        self.sink = MemorySink()
        clock = LoopClock(loop, datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
        self.recorder = Recorder(RecordingSettings(segment=1), clock, Journal(clock, self.sink), ROOT, Ids(1),
                                 threaded=False, used_space=lambda _: 0.0, disk=self.disk)

    def facts(self, kind: type) -> list[Any]:
        return [entry.fact for entry in self.sink.read() if isinstance(entry.fact, kind)]

    def legs(self) -> tuple[array, array]:
        """The archived file's."""
        both = array("h", bytes(self.disk.files[ROOT / PATH].cache)[44:])
        return both[0::2], both[1::2]


def told(main: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        office = Office()
        await main(office)
        await office.recorder.close()
        office.here.close()
        office.there.close()

    run_virtual(run())


def place(leg: array, sound: Sound, around: int = 0) -> int:
    """The sample at which this sound begins on a leg, exactly; -1: nowhere."""
    wanted = array("h", sound.pcm).tobytes()
    at = leg.tobytes().find(wanted, 2 * around)
    while at >= 0 and at % 2:
        at = leg.tobytes().find(wanted, at + 1)
    return at // 2


def test_both_legs_are_exact_to_the_sample(seed: int) -> None:
    async def main(office: Office) -> None:
        recording = office.recorder.start("1.000001", office.port, "always")
        assert recording is not None
        said, heard = noise("said", 1.0, seed), noise("heard", 1.0, seed)
        office.far.play([said])
        office.port.play([heard])
        await asyncio.sleep(1.5)
        recording.stop()
        left, right = office.legs()
        assert place(left, said) >= 0
        assert place(right, heard) >= 0
        assert len(left) == len(right) == recording.tape.samples

    told(main)


@pytest.mark.slow
def test_legs_are_together_after_an_hour_with_a_disk_that_failed(seed: int) -> None:
    """Half way the disk takes nothing for 25 s: the ring holds 10 s, the rest is silence, and nothing has moved."""

    async def main(office: Office) -> None:
        recording = office.recorder.start("1.000001", office.port, "always")
        assert recording is not None
        said, heard = noise("said", 0.5, seed), noise("heard", 0.5, seed)
        apart = []
        for minute in range(61):
            begin = recording.tape.samples
            office.far.play([said])
            office.port.play([heard])
            if minute == 30:
                office.disk.fault = lambda name, path: errno.EIO if name in ("write", "create") else 0
                await asyncio.sleep(25.0)
                office.disk.fault = lambda name, path: 0
            apart.append(begin)
            await asyncio.sleep((minute + 1) * 60.0 - asyncio.get_running_loop().time())
        office.recorder.stop("1.000001")
        (end,) = office.facts(facts.RecordingEnded)
        assert end.state == "complete"
        assert end.seconds == recording.tape.samples / RATE == pytest.approx(61 * 60.0, abs=0.1)
        assert 10.0 < end.lost < 30.0
        left, right = office.legs()
        assert len(left) == len(right) == recording.tape.samples
        places = [(place(left, said, begin), place(right, heard, begin)) for begin in (apart[0], apart[-1])]
        (left_then, right_then), (left_now, right_now) = places
        drift = (left_now - right_now) - (left_then - right_then)
        print(f"legs have drifted {drift} samples in an hour; {end.lost:.2f} s were lost to the disk")
        assert abs(drift) == 0 <= TWENTY_MS
        assert left_now - left_then == apart[-1] - apart[0], "an hour on the tape is an hour"

    told(main)


@pytest.mark.slow
def test_what_is_said_while_it_is_paused_is_nowhere(seed: int) -> None:
    secret, public = noise("secret", 2.0, seed), noise("public", 1.0, seed)

    async def main(office: Office) -> None:
        recording = office.recorder.start("1.000001", office.port, "always")
        assert recording is not None
        office.far.play([public])
        await asyncio.sleep(1.5)
        assert office.recorder.pause("1.000001", "secure node")
        assert office.recorder.pause("1.000001", "li")
        office.far.play([secret])
        await asyncio.sleep(1.0)
        assert office.recorder.resume("1.000001", "li")
        assert not office.recorder.resume("1.000001", "nobody")
        assert office.recorder.resume("1.000001", "secure node", after=2.0)
        await asyncio.sleep(3.0)
        office.far.play([public])
        await asyncio.sleep(1.5)
        office.recorder.stop("1.000001")
        left, right = office.legs()
        assert len(left) == len(right) == recording.tape.samples, "the pause has its length"
        first = place(left, public)
        again = place(left, public, first + 1)
        assert again - first == pytest.approx(5.5 * RATE, abs=2 * TWENTY_MS)
        (paused,), (resumed,) = office.facts(facts.RecordingPaused), office.facts(facts.RecordingResumed)
        assert (paused.seconds, resumed.seconds) == (pytest.approx(1.5, abs=0.03), pytest.approx(4.5, abs=0.03))
        assert (paused.by, resumed.by) == ("secure node", "secure node")
        everything = office.disk.everything()
        assert found(everything, public) >= 45, "what is not secret is found"
        assert found(everything, secret) == 0

    told(main)


def found(everything: bytes, sound: Sound) -> int:
    """How many pieces of 5 ms, one in every 20 ms of a sound, are there: A-law, 16 bit, or beside a silent leg."""
    pcm, pieces = array("h", sound.pcm), 0
    for at in range(0, len(pcm) - 40, TWENTY_MS):
        one = pcm[at:at + 40]
        beside = array("h", bytes(160))
        beside[0::2] = one
        pieces += any(form in everything for form in (linear_to_alaw(one.tobytes()), one.tobytes(), beside.tobytes()))
    return pieces
