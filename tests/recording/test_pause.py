"""Who pauses a recording, and until when; that nothing of what is said meanwhile is kept, test_continuity proves."""

import asyncio
import struct
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.clock import LoopClock
from ccappliance.base.ids import Ids
from ccappliance.base.units import RATE
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.sim.loop import run_virtual

CALL = "1.000001"


class OnesTape:
    """Never silent but while it is paused; `advance` records."""

    lost = 0

    def __init__(self) -> None:
        self.samples = 0
        self.hidden = False
        self._paused = False
        self._pieces: list[tuple[int, bool]] = []

    def advance(self, seconds: float) -> None:
        samples = round(seconds * RATE)
        self.samples += samples
        self._pieces.append((samples, self._paused))

    def read(self) -> bytes:
        if not self._pieces:
            return b""
        samples, self.hidden = self._pieces.pop(0)
        return bytes(4 * samples) if self.hidden else struct.pack("<hh", 1, 1) * samples

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def stop(self) -> None: ...

    def settle(self) -> None: ...


def record(directory: Path, *steps: float | str) -> list[facts.Fact]:
    """Seconds are recorded, pumped or not; "pause" and "resume" come between. The facts of it."""

    async def main() -> list[facts.Fact]:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, datetime(2026, 11, 22, tzinfo=UTC))
        sink, tape = MemorySink(), OnesTape()
        recorder = Recorder(RecordingSettings(), clock, Journal(clock, sink), directory, Ids(1), threaded=False,
                            used_space=lambda _: 1.0)
        port: Any = SimpleNamespace(tape=lambda name: tape)
        recorder.start(CALL, port, "always")
        for step in steps:
            if step == "pause":
                recorder.pause(CALL, "secure node")
            elif step == "resume":
                recorder.resume(CALL, "secure node")
            elif step == "lead":
                assert recorder.pause(CALL, "lead")
            elif step == "lead resumes":
                assert recorder.resume(CALL, "lead")
            elif step == "pump":
                await asyncio.sleep(0.11)
            else:
                tape.advance(float(step))
        recorder.stop(CALL)
        await recorder.close()
        return [entry.fact for entry in sink.read()]

    return run_virtual(main())


@pytest.mark.parametrize("pump", [(), ("pump",)])
def test_a_pause_is_silence_of_the_same_length(tmp_path: Path, pump: tuple[str, ...]) -> None:
    told = record(tmp_path, 0.5, *pump, 0.1, "pause", "pause", 0.25, *pump, 0.3, "resume", "resume", 0.05, *pump, 0.2,
                  "pause", 0.1, "resume", 0.1)
    assert [fact for fact in told if isinstance(fact, facts.RecordingPaused | facts.RecordingResumed)] == [
        facts.RecordingPaused(CALL, f"{CALL}-r1", 0.6, "secure node"),
        facts.RecordingResumed(CALL, f"{CALL}-r1", 1.15, "secure node"),
        facts.RecordingPaused(CALL, f"{CALL}-r1", 1.4, "secure node"),
        facts.RecordingResumed(CALL, f"{CALL}-r1", 1.5, "secure node")]
    (end,) = [fact for fact in told if isinstance(fact, facts.RecordingEnded)]
    assert (end.seconds, end.lost, end.state) == (1.6, 0.0, "complete")


def test_pausing_what_is_not_recorded_is_harmless(tmp_path: Path) -> None:
    told = record(tmp_path, 0.1, "resume", 0.1)
    assert not [fact for fact in told if isinstance(fact, facts.RecordingPaused | facts.RecordingResumed)]


def test_two_who_pause_must_both_resume(tmp_path: Path) -> None:
    told = record(tmp_path, 0.1, "pause", 0.1, "lead", 0.1, "resume", 0.1, "lead resumes", 0.1)
    assert [fact for fact in told if isinstance(fact, facts.RecordingPaused | facts.RecordingResumed)] == [
        facts.RecordingPaused(CALL, f"{CALL}-r1", 0.1, "secure node"),
        facts.RecordingResumed(CALL, f"{CALL}-r1", 0.4, "lead")]
